"""From which state an appointment goes to which: one table, and the rule that reads it. Pure.

The codes are those of FHIR R5's AppointmentStatus (hl7.org/fhir/R5/valueset-appointmentstatus).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from calendula.appointments.status import Status
from calendula.errors import Conflict


class Action(StrEnum):
    """What can be done to an appointment."""

    CONFIRM = "confirm"
    MOVE = "move"
    ARRIVE = "arrive"
    CHECK_IN = "check-in"
    FULFIL = "fulfil"
    NO_SHOW = "no-show"
    CANCEL = "cancel"
    UNDO = "undo"
    ENTER_IN_ERROR = "enter-in-error"


class Transition(NamedTuple):
    """From which states an action leads, and to which."""

    sources: AbstractSet[Status]
    target: Status


PENDING, BOOKED, ARRIVED, CHECKED_IN, FULFILLED, CANCELLED, NOSHOW, ENTERED_IN_ERROR = Status

TABLE: Mapping[Action, Transition] = {
    Action.CONFIRM: Transition({PENDING}, BOOKED),
    Action.MOVE: Transition({BOOKED}, BOOKED),
    Action.ARRIVE: Transition({BOOKED}, ARRIVED),
    Action.CHECK_IN: Transition({BOOKED, ARRIVED}, CHECKED_IN),
    Action.FULFIL: Transition({ARRIVED, CHECKED_IN}, FULFILLED),
    Action.NO_SHOW: Transition({BOOKED}, NOSHOW),
    Action.CANCEL: Transition({PENDING, BOOKED, ARRIVED, CHECKED_IN}, CANCELLED),
    Action.UNDO: Transition({ARRIVED, NOSHOW}, BOOKED),
    Action.ENTER_IN_ERROR: Transition(set(Status) - {ENTERED_IN_ERROR}, ENTERED_IN_ERROR),
}
"""Each action. What is fulfilled or cancelled stays so, unless it was entered in error."""


class TransitionNotAllowed(Conflict):
    """An appointment cannot go from its state to the one that was asked for, or not now."""

    code = "transition-not-allowed"


class Situation(Protocol):
    """What of an appointment decides what can be done to it."""

    status: str
    starts_at: datetime
    expires_at: datetime | None


def allowed(appointment: Situation, now: datetime) -> dict[Action, Status]:
    """Return what can be done to an appointment at an instant, and to what state it leads.

    A hold can be confirmed only before it expires, and who may still come in time is no no-show.
    """
    closed = set()
    if appointment.expires_at is not None and appointment.expires_at <= now:
        closed.add(Action.CONFIRM)
    if now < appointment.starts_at:
        closed.add(Action.NO_SHOW)
    return {
        action: target
        for action, (sources, target) in TABLE.items()
        if appointment.status in sources and action not in closed
    }


def check(appointment: Situation, action: Action, now: datetime) -> Status:
    """Return the state that an action leads to.

    Raises TransitionNotAllowed, with what can be done instead, where this cannot.
    """
    legal = allowed(appointment, now)
    if action not in legal:
        raise TransitionNotAllowed(
            f"The appointment is {appointment.status}: {action} is not possible. "
            f"Possible is: {', '.join(legal) or 'nothing'}.",
            appointment_status=str(appointment.status),
            allowed={str(it): str(target) for it, target in legal.items()},
        )
    return legal[action]

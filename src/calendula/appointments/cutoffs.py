"""Until when a patient changes an appointment without calling. Pure."""

from datetime import datetime, timedelta

from calendula.appointments.lifecycle import Action, Situation
from calendula.appointments.status import Status
from calendula.errors import Conflict
from calendula.timetables.policy import Policy

_AT_THE_DESK = {Status.ARRIVED, Status.CHECKED_IN}


class TooLate(Conflict):
    """The patient can do this no more by themselves: the clinic can."""

    code = "too-late"


def ends(appointment: Situation, policy: Policy) -> dict[Action, datetime]:
    """Return until when the patient can cancel and move an appointment, where they can at all."""
    if appointment.status != Status.BOOKED:
        return {}
    notices = {
        Action.CANCEL: policy.cancel_cutoff_minutes,
        Action.MOVE: policy.move_cutoff_minutes,
    }
    return {
        action: _before(appointment.starts_at, minutes or 0) for action, minutes in notices.items()
    }


def check(
    appointment: Situation, policy: Policy, action: Action, now: datetime, whom_to_call: str
) -> None:
    """Raise TooLate where the patient can do this no more, with whom to call.

    Whoever has arrived is with the staff. Of what is over, the lifecycle says so.
    """
    end = ends(appointment, policy).get(action)
    if appointment.status in _AT_THE_DESK or (end is not None and now >= end):
        verb = {Action.CANCEL: "cancelled", Action.MOVE: "moved"}[action]
        raise TooLate(f"This appointment can be {verb} here no more. {whom_to_call}")


def _before(start: datetime, minutes: int) -> datetime:
    try:
        return start - timedelta(minutes=minutes)
    except OverflowError:  # at the beginning of the calendar
        return start

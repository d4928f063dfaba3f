"""What the event log says has changed since it was last read."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from calendula.appointments.status import HOLDING, Status
from calendula.database import settled
from calendula.events.models import Event

_OF_DOCTORS = ("timetable.", "doctor.", "policy.", "day.")
_KEPT = {status.value for status in HOLDING} - {Status.PENDING.value}


class Booked(NamedTuple):
    """A doctor's time that is taken now."""

    doctor_id: UUID
    start: datetime
    end: datetime


class Touched(NamedTuple):
    """A doctor's time in which something may have come free, or gone."""

    doctor_id: UUID
    start: datetime


class Edited(NamedTuple):
    """A doctor of whom anything may have changed; None is everybody."""

    doctor_id: UUID | None


Change = Booked | Touched | Edited
_EVENTS = (
    select(Event.number, Event.action, Event.doctor_id, Event.data)
    .where(Event.number > bindparam("seen"))
    .order_by(Event.number)
    .limit(bindparam("most"))
)


class News(NamedTuple):
    """What has changed behind an event, and behind which one to read on."""

    changes: Sequence[Change]
    seen: int


def beginning(session: Session) -> int:
    """Return the number of an event behind which there will be all that is not to be seen yet."""
    safe = settled(session, Event.number)
    return min(safe, session.scalar(select(func.max(Event.number))) or 0)


def behind(session: Session, seen: int, most: int) -> News | None:
    """Return what the events behind a number have changed, in their order; None if they are many.

    All count that are committed, also those behind one that is not yet: those about one doctor are
    committed in the order of their numbers, and what is read twice does no harm.
    """
    safe = settled(session, Event.number)
    lines = session.connection().execute(_EVENTS, {"seen": seen, "most": most}).all()
    if len(lines) == most:
        return None
    found = [it for _, action, doctor_id, data in lines for it in _of(action, doctor_id, data)]
    return News(found, max(seen, min(safe, lines[-1].number)) if lines else seen)


def _of(action: str, doctor_id: UUID | None, data: Mapping[str, Any]) -> Iterator[Change]:
    """Give what an event changes of who is free when. A hold does not: it may expire."""
    if action.startswith(_OF_DOCTORS):
        yield Edited(doctor_id)
    elif action.startswith("appointment."):
        yield from _of_appointment(data.get("before"), data.get("after"))


def _of_appointment(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[Change]:
    was, is_now = _kept(before), _kept(after)
    if was == is_now:
        return
    if was:
        yield Touched(was.doctor_id, was.start)
    if is_now and after and after["visit_type_id"] is None:
        yield is_now
    elif is_now:  # nobody but the database knows its buffers
        yield Touched(is_now.doctor_id, is_now.start)


def _kept(state: Mapping[str, Any] | None) -> Booked | None:
    """Return the time that an appointment keeps in a state, for good."""
    if not state or state.get("status") not in _KEPT:
        return None
    start, end = (datetime.fromisoformat(state[name]) for name in ("start", "end"))
    return Booked(UUID(state["doctor_id"]), start, end)

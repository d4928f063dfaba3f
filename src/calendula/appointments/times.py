"""Which of a doctor's time is held, and by what."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, text
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.models import HOLDS_ITS_SLOT, ORPHANED, Appointment
from calendula.appointments.offers import SlotRefused
from calendula.appointments.status import Status
from calendula.doctors.models import Doctor
from calendula.intervals import Interval, Part
from calendula.timetables.slots import Slot, whole_day

_DAY = timedelta(days=1)
_LONGEST = _DAY  # a check constraint; it lets an index find what reaches into a time
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
IS_HELD = text(f"appointment.{HOLDS_ITS_SLOT}")
"""That an appointment holds its time, in the words of the indexes: so they are found useful."""
IS_ORPHANED = text(f"appointment.{ORPHANED}")
"""That the timetable has lost an appointment's time, in the words of the indexes."""
TAKEN = "Time slot already booked! Choose another slot."


class SlotTaken(SlotRefused):
    """Another appointment holds the time."""

    code = "slot-taken"


class SlotHeld(SlotTaken):
    """Somebody is about to book the time: it may come free again."""

    code = "slot-held"


class Busy(NamedTuple):
    """A time that a doctor's appointment occupies, with the date and slot that it was booked as."""

    start: datetime
    end: datetime
    date: date
    slot: str
    appointment_id: UUID


_BUSY = (
    *(Appointment.occupied_from, Appointment.occupied_until),
    *(Appointment.date, Appointment.slot, Appointment.id),
)


def is_live(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an appointment holds its time: a hold does until it expires."""
    unexpired = or_(Appointment.status != Status.PENDING, Appointment.expires_at > now)
    return and_(IS_HELD, unexpired)


def reaches_into(doctor_id: UUID, time: Interval) -> ColumnElement[bool]:
    """Return the condition that an appointment of a doctor holds a part of a time.

    It says IS_HELD itself: of several, SQLite looks for an index for each by its conditions alone.
    """
    return and_(Appointment.doctor_id == doctor_id, _holds_a_part_of(time))


def any_reaches_into(doctors: Iterable[Doctor], time: Interval) -> ColumnElement[bool]:
    """Return the condition that an appointment of any of some doctors holds a part of a time."""
    ids = [doctor.id for doctor in doctors]
    return and_(Appointment.doctor_id.in_(ids), _holds_a_part_of(time))


def _holds_a_part_of(time: Interval) -> ColumnElement[bool]:
    return and_(
        IS_HELD,
        Appointment.occupied_from > reach_of(time.start),
        Appointment.occupied_from < time.end,
        Appointment.occupied_until > time.start,
    )


def reach_of(start: datetime) -> datetime:
    """Return an instant before which nothing begins that reaches beyond another."""
    return start - _LONGEST if start - _BEGINNING > _LONGEST else _BEGINNING


def starts_on(doctor: Doctor, day: date) -> ColumnElement[bool]:
    """Return the condition that an appointment of a doctor begins on a local date, as it is now.

    Where the doctor's zone was changed, the date that it was booked under may be another one.
    """
    whole = whole_day(day, doctor.zone)
    if whole is None:  # at the ends of the calendar
        return and_(Appointment.doctor_id == doctor.id, Appointment.date == day)
    return and_(
        Appointment.doctor_id == doctor.id,
        Appointment.starts_at >= whole.start,
        Appointment.starts_at < whole.end,
    )


def of_date(day: date) -> Interval:
    """Return the time in which all starts that was booked under a local date, in whatever zone."""
    midnight = datetime.combine(day, time.min, UTC)
    end = midnight + 2 * _DAY if _END - midnight > 2 * _DAY else _END
    return Part(reach_of(midnight), end)


def dated(first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    """Return the conditions that an appointment was booked under one of some local dates.

    In whatever zone; None leaves an end open. No index knows of dates alone: one knows when it can
    be those dates somewhere.
    """
    conditions: list[ColumnElement[bool]] = []
    if first is not None:
        conditions += [Appointment.date >= first, Appointment.starts_at >= of_date(first).start]
    if last is not None:
        conditions += [Appointment.date <= last, Appointment.starts_at < of_date(last).end]
    return conditions


def stands_against(doctor_id: UUID, slot: Slot, occupied: Interval) -> ColumnElement[bool]:
    """Return the condition that an appointment keeps a doctor's slot from being booked.

    It is what the constraints say: they know of no clock, and so of no hold that has expired.
    """
    same_name = and_(
        IS_HELD,
        Appointment.doctor_id == doctor_id,
        Appointment.date == slot.date,
        Appointment.slot == slot.label,
    )
    return or_(reaches_into(doctor_id, occupied), same_name)


def ahead() -> Interval:
    """Return all the time that is still to come."""
    return Part(clock.now(), _END)


def held_by(doctors: Iterable[Doctor], time: Interval) -> Select[Appointment]:
    """Return the query for the appointments of doctors that hold a part of a time.

    They come by doctor, and in time order as the index has them: in another, SQLite would read all
    that there ever were by another index.
    """
    query = select(Appointment).where(is_live(clock.now()), any_reaches_into(doctors, time))
    return query.order_by(Appointment.doctor_id, Appointment.occupied_from)


def busy(session: Session, doctor_id: UUID, time: Interval) -> list[Busy]:
    """Return the parts of a time that a doctor's appointments occupy now."""
    held = select(*_BUSY).where(is_live(clock.now()), reaches_into(doctor_id, time))
    return [Busy(*row) for row in session.execute(held)]


def refuse_if_taken(
    session: Session, doctor_id: UUID, slot: Slot, occupied: Interval, *, but: UUID | None = None
) -> None:
    """Raise SlotTaken where an appointment holds a slot; SlotHeld where all that do may expire.

    `but` is the id of an appointment that does not count, being the one that wants the slot.
    """
    now = clock.now()
    query = select(Appointment.expires_at).where(
        stands_against(doctor_id, slot, occupied), is_live(now), Appointment.id != but
    )
    ends = session.scalars(query).all()
    if None in ends:
        raise SlotTaken(TAKEN)
    if ends:
        left = max(end - now for end in ends if end)
        raise SlotHeld(TAKEN, retry_after=ceil(left / timedelta(seconds=1)))

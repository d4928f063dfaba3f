"""Why a time can be booked, or cannot: for the staff."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import offers, times
from calendula.availability.day import Taken
from calendula.doctors.models import Doctor
from calendula.intervals import Interval
from calendula.timetables import service as timetables
from calendula.timetables.policy import Limits
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Timetable, Visit


class Obstacle(NamedTuple):
    """What stands against a booking."""

    code: str
    detail: str
    appointment_id: UUID | None = None


def explain(
    session: Session, doctor: Doctor, start: datetime, visit: Visit | None, *, past: bool
) -> list[Obstacle]:
    """Return all that stands against a booking that starts at an instant: nothing if it is free.

    `past` lets the past be booked.
    """
    if not doctor.active:
        return [Obstacle("inactive", "The doctor sees no patients any more.")]
    day = start.astimezone(ZoneInfo(doctor.time_zone)).date()
    timetable = timetables.load(session, doctor, day, day)
    slots = (slot for slot in timetable.slots_on(day, visit) if slot.start == start)
    slot = next(slots, None)
    limits = Limits.at(clock.now(), timetable.policy, timetable.zone, past=past)
    asked = slot or Slot(start, start + timedelta.resolution, day, "")
    occupied = offers.occupied(asked, visit)
    return [
        *([] if slot else [_no_slot(timetable, start, visit)]),
        *_time_off(session, doctor, occupied),
        *_limits(timetable, limits, asked),
        *_taken(session, doctor, asked, occupied),
    ]


def _no_slot(timetable: Timetable, start: datetime, visit: Visit | None) -> Obstacle:
    holiday = timetable.holiday_on(start.astimezone(timetable.zone).date())
    if holiday:
        return Obstacle("holiday", f"It is a holiday: {holiday}.")
    if not timetable.works_at(start):
        return Obstacle("closed", "The doctor does not work then.")
    if visit:
        return Obstacle("no_slot", "No visit of this kind, with its buffers, fits in from then on.")
    return Obstacle("no_slot", "The doctor works then, but no slot begins at that time.")


def _time_off(session: Session, doctor: Doctor, occupied: Interval) -> Iterator[Obstacle]:
    for off in timetables.time_off_during(session, doctor.id, occupied.start, occupied.end):
        whose = "The doctor has" if off.doctor_id else "The clinic has"
        yield Obstacle("time_off", f"{whose} time off{f': {off.reason}' if off.reason else ''}.")


def _limits(timetable: Timetable, limits: Limits, slot: Slot) -> Iterator[Obstacle]:
    policy = timetable.policy
    details = {
        "past": "It has passed.",
        "notice": f"Bookings need a notice of {policy.minimum_notice_minutes} minutes.",
        "horizon": f"Bookings go {policy.horizon_days} days ahead.",
    }
    return (Obstacle(limit, details[limit]) for limit in limits.against(slot))


def _taken(session: Session, doctor: Doctor, slot: Slot, occupied: Interval) -> Iterator[Obstacle]:
    around = timetables.reach(slot.date, slot.date)
    for busy in times.busy(session, doctor.id, around):
        if Taken([busy]).holds(slot, occupied):
            yield Obstacle("full", "An appointment holds the time.", busy.appointment_id)

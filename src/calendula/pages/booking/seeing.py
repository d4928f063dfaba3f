"""What somebody sees of a doctor: a month, a day of it, and where else there is something free."""

from datetime import date, datetime, time
from typing import NamedTuple

from sqlalchemy.orm import Session

from calendula import clock
from calendula.availability import service as availability
from calendula.availability.day import Day
from calendula.doctors.models import Doctor
from calendula.pages.booking import days
from calendula.pages.booking.days import Part, Range, Sheet
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Visit


class Asked(NamedTuple):
    """What the address of a page says of the day that somebody wants to see."""

    month: date | None
    day: date | None


class View(NamedTuple):
    """What there is to choose from."""

    today: date
    month: Sheet
    day: Day | None
    """None where the month has no free day, and none was asked for."""
    parts: list[Part]
    instead: Slot | None
    """The next free slot, where the day has none."""


def look(
    session: Session, doctor: Doctor, visit: Visit | None, asked: Asked, first_weekday: int
) -> View:
    """Return what a doctor has for a visit about the day that is asked for.

    Where none is, it is the first with something free.
    """
    today = clock.now().astimezone(doctor.zone).date()
    horizon = timetables.policy_of(session, doctor).horizon_days
    shown = days.months(today, horizon)
    wanted = asked.day or asked.month or _soonest(session, doctor, visit) or today
    first = shown.nearest(asked.month or wanted)
    month = availability.days(session, doctor, first, days.end_of(first), past=False, visit=visit)
    day = _chosen(month, asked, today, shown)
    free = {it.date: len(it.free) for it in month}
    return View(
        today,
        days.sheet(first, free, shown, first_weekday),
        day,
        days.parts(day.free, doctor.zone) if day else [],
        None if day and day.free else _instead(session, doctor, visit, day, first),
    )


def _soonest(session: Session, doctor: Doctor, visit: Visit | None) -> date | None:
    return next((it.date for it in availability.next_free(session, doctor, 1, visit)), None)


def _chosen(month: list[Day], asked: Asked, today: date, shown: Range) -> Day | None:
    """Return the day of the month that was asked for, or the first free one."""
    if asked.day is not None and asked.month in {None, asked.day.replace(day=1)}:
        beyond = Day(asked.day, [], "past" if asked.day < shown.first else "horizon")
        return next((it for it in month if it.date == asked.day), beyond)
    free = next((it for it in month if it.free), None)
    if free is None and asked.month is None:
        return next((it for it in month if it.date == today), None)
    return free


def _instead(
    session: Session, doctor: Doctor, visit: Visit | None, day: Day | None, first: date
) -> Slot | None:
    """Return the next free slot after a day or the begin of a month, or the very next."""
    wanted = day.date if day and day.date.replace(day=1) == first else first
    start = datetime.combine(wanted, time.min, doctor.zone)
    later = availability.next_free(session, doctor, 1, visit, start=start)
    return next(iter(later or availability.next_free(session, doctor, 1, visit)), None)

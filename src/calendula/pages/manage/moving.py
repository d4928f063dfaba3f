"""Which times a patient can move an appointment to."""

from calendar import Calendar
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.offers import ByStart
from calendula.availability import service as availability
from calendula.availability.day import Day
from calendula.booking import choices
from calendula.pages.manage.showing import View
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Visit

_AHEAD = timedelta(days=366)
_NEAREST = 3


class Month(NamedTuple):
    """A month, with what is free on its days, and on the one that is looked at."""

    first: date
    weeks: Sequence[Sequence[date]]
    """Of seven days each; the first and the last may have some of other months."""
    free: dict[date, Day]
    """The days that have free times."""
    chosen: Day | None
    """The day that was asked for or, where it has none, the next one of the month that has."""
    earlier: date | None
    """The month before, where it can have free times; and the month after."""
    later: date | None


def month(session: Session, view: View, wanted: date, first_weekday: int) -> Month:
    """Return the month of a date, or the nearest to it that may have free times."""
    doctor, visit = view.doctor, _visit(session, view)
    today = clock.now().astimezone(doctor.zone).date()
    wanted = min(max(wanted, today), today + _AHEAD)
    first = wanted.replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    last = after - timedelta(days=1)
    days = availability.days(session, doctor, max(first, today), last, past=False, visit=visit)
    free = {day.date: day for day in days if day.free}
    return Month(
        first,
        Calendar(first_weekday).monthdatescalendar(first.year, first.month),
        free,
        next((day for day in free.values() if day.date >= wanted), None),
        earlier=(first - timedelta(days=1)).replace(day=1) if first > today else None,
        later=None if days[-1].reason == "horizon" or after > today + _AHEAD else after,
    )


def find(session: Session, view: View, start: datetime) -> Slot | None:
    """Return the free time that begins at an instant; None where none does."""
    day = ByStart(start).day(view.doctor.zone)
    visit = _visit(session, view)
    (found,) = availability.days(session, view.doctor, day, day, past=False, visit=visit)
    return next((slot for slot in found.free if slot.start == start), None)


def nearest(session: Session, view: View, start: datetime) -> list[Slot]:
    """Return the first free times from an instant on, or from now."""
    visit = _visit(session, view)
    return availability.next_free(session, view.doctor, _NEAREST, visit, start=start)


def _visit(session: Session, view: View) -> Visit | None:
    """Return what the appointment's kind of visit needs."""
    kind = view.appointment.visit_type_id
    return choices.visit(session, kind, view.doctor.id, staff=True)

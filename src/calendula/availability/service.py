from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import times
from calendula.availability.day import Day, Taken, look
from calendula.doctors.models import Doctor
from calendula.timetables import service as timetables
from calendula.timetables.policy import Limits
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Timetable, Visit

LONGEST_RANGE = 62
"""Days that are looked at together."""
_SEARCHED = 366  # days
_LAST_START = datetime.max.replace(tzinfo=UTC) - timedelta(days=_SEARCHED + 7)


def days(
    session: Session,
    doctor: Doctor,
    first: date,
    last: date,
    *,
    past: bool,
    visit: Visit | None = None,
) -> list[Day]:
    """Return what can be booked with a doctor on each local date from the first to the last.

    `past` lets the past be booked. However many dates there are, the queries are as many.
    """
    timetable = timetables.load(session, doctor, first, last)
    return days_of(session, doctor, timetable, first, last, past=past, visit=visit)


def days_of(
    session: Session,
    doctor: Doctor,
    timetable: Timetable,
    first: date,
    last: date,
    *,
    past: bool,
    visit: Visit | None = None,
) -> list[Day]:
    """Return the same as `days` of a doctor whose timetable of these dates is loaded already."""
    limits = Limits.at(clock.now(), timetable.policy, timetable.zone, past=past)
    reach = timetables.reach(first, last)
    taken = Taken(times.busy(session, doctor.id, reach))
    return [
        look(timetable, day, timetable.slots_on(day, visit), limits, taken, visit=visit)
        for day in _dates(first, last)
    ]


def next_free(
    session: Session,
    doctor: Doctor,
    count: int,
    visit: Visit | None,
    *,
    start: datetime | None = None,
) -> list[Slot]:
    """Return the first free slots of a doctor from a start on, within a year of it.

    The start is now, or a later instant.
    """
    start = max(start or clock.now(), clock.now())
    ahead = (slot for slot in _ahead(session, doctor, visit, start) if slot.start >= start)
    return list(islice(ahead, count))


def default_day(session: Session, day: date, time_zone: str, *, past: bool) -> Day:
    """Return what a new doctor would offer: the clinic's default week, and nothing booked."""
    timetable = timetables.default(session, day, day, time_zone)
    limits = Limits.at(clock.now(), timetable.policy, timetable.zone, past=past)
    return look(timetable, day, timetable.slots_on(day), limits, Taken([]))


def _ahead(
    session: Session, doctor: Doctor, visit: Visit | None, start: datetime
) -> Iterator[Slot]:
    first = min(start, _LAST_START).astimezone(doctor.zone).date()
    for offset in range(0, _SEARCHED, LONGEST_RANGE):
        from_day = first + timedelta(days=offset)
        to_day = first + timedelta(days=min(offset + LONGEST_RANGE, _SEARCHED) - 1)
        found = days(session, doctor, from_day, to_day, past=False, visit=visit)
        for day in found:
            yield from day.free
        if found[-1].reason == "horizon":
            return


def _dates(first: date, last: date) -> list[date]:
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]

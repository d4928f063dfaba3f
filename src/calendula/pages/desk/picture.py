"""A picture of the week: how full each doctor is, by day and hour."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import times
from calendula.appointments.models import Appointment
from calendula.doctors.models import Doctor
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import LocalDate
from calendula.http.pagination import Cursor, page
from calendula.intervals import Part
from calendula.pages.desk import week
from calendula.pages.desk.desk import DESK, DeskOfRequest, DeskRoute
from calendula.pages.desk.week import Fullness, Hour
from calendula.timetables import service as timetables

_ON_A_PAGE = 12
_STEPS = 5
_LAST = date.max.toordinal()

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


class Picture(NamedTuple):
    """How full a doctor is in a week."""

    doctor: Doctor
    hours: Mapping[Hour, Fullness]

    @property
    def whole(self) -> Fullness:
        """All of the week's hours, taken together."""
        return week.whole(self.hours)


@router.get(f"{DESK}/week")
def desk_week(
    *,
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    date: LocalDate | None = None,
    cursor: Cursor = None,
) -> Response:
    """Show how full each doctor is in the week of a date; a doctor sees their own."""
    today = clock.now().astimezone(ZoneInfo(settings.time_zone)).date()
    days = week_around(date or today, desk.reader.first_weekday)
    query = select(Doctor).where(Doctor.active)
    if desk.caller.doctor_id is not None:
        query = query.where(Doctor.id == desk.caller.doctor_id)
    with database.read() as session:
        clinic = timetables.clinic(session)
        doctors, following = page(session, query, [Doctor.name_key], cursor, _ON_A_PAGE)
        pictures = _pictures(session, doctors, days)
    return desk.show(
        "desk/week.html",
        clinic_name=clinic.name,
        pictures=pictures,
        clock_hours=_clock_hours(pictures),
        days=days,
        today=today,
        earlier=_shifted(days[0], -7),
        later=_shifted(days[0], 7),
        following=following,
        step=step,
        steps=_STEPS,
    )


def week_around(day: date, first_weekday: int) -> list[date]:
    """Return the dates of the week that a date lies in, as far as the calendar goes.

    Weeks begin on `first_weekday`, 0 being Monday.
    """
    first = day.toordinal() - (day.weekday() - first_weekday) % 7
    return [date.fromordinal(it) for it in range(max(first, 1), min(first + 6, _LAST) + 1)]


def step(fullness: Fullness) -> int:
    """Return by which of the colours an hour is shown: 0 is the emptiest."""
    return min(fullness.percent * _STEPS // 100, _STEPS - 1)


def _pictures(session: Session, doctors: Sequence[Doctor], days: Sequence[date]) -> list[Picture]:
    first, last = days[0], days[-1]
    known = timetables.load_all(session, doctors, first, last)
    booked = _booked(session, doctors, first, last)
    return [
        Picture(it, week.of_week(known[it.id], booked.get(it.id, []), first, last))
        for it in doctors
    ]


def _booked(
    session: Session, doctors: Sequence[Doctor], first: date, last: date
) -> dict[UUID, list[Part]]:
    """Return the times that the doctors' appointments and holds occupy."""
    about = timetables.reach(first, last)
    theirs = or_(*(times.reaches_into(it.id, about) for it in doctors))
    query = select(
        Appointment.doctor_id, Appointment.occupied_from, Appointment.occupied_until
    ).where(times.is_live(clock.now()), theirs)
    rows = session.execute(query.order_by(Appointment.doctor_id)) if doctors else ()
    return {
        doctor_id: [Part(start, end) for _, start, end in those]
        for doctor_id, those in groupby(rows, attrgetter("doctor_id"))
    }


def _clock_hours(pictures: Sequence[Picture]) -> range:
    """Return the hours of the clock within which any of the doctors offers something."""
    every = [hour for picture in pictures for _, hour in picture.hours]
    return range(min(every), max(every) + 1) if every else range(0)


def _shifted(day: date, days: int) -> date | None:
    """Return another date, or None where the calendar has ended before."""
    try:
        return day + timedelta(days)
    except OverflowError:
        return None

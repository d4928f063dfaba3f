"""The day at a glance: a column for each doctor, renewed whenever something changes."""

from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import log, times
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import Words, parse_date, parse_id
from calendula.pages.desk import columns, words
from calendula.pages.desk.day import Grid
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.timetables import service as timetables
from calendula.timetables.timetable import Timetable

_ON_A_PAGE = 8
_DAY = timedelta(days=1)

router = APIRouter(route_class=DeskRoute)


class Wanted(NamedTuple):
    """Which part of the desk's day somebody wants to see."""

    day: date
    doctor_id: UUID | None
    specialty: str
    page: int

    def path(self, where: str = DESK, **other: object) -> str:
        """Return the address of a page that shows this, or something else instead of a part."""
        said = {
            "date": self.day,
            "doctor": self.doctor_id or "",
            "specialty": self.specialty,
            "page": self.page,
            **other,
        }
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{where}?{query}" if query else where


def _wanted(
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    *,
    date: Annotated[str, Query()] = "",
    doctor: Annotated[str, Query()] = "",
    specialty: Annotated[Words, Query()] = "",
    page: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Wanted:
    """Return what the query asks for; a date that is none is today. A doctor sees their own day."""
    doctor_id = desk.caller.doctor_id or parse_id(doctor)
    zone = ZoneInfo(settings.time_zone)
    if doctor_id is not None:
        with database.read() as session:
            zone = doctors.by_id(session, doctor_id, inactive=True).zone
    today = clock.now().astimezone(zone).date()
    return Wanted(parse_date(date) or today, doctor_id, specialty, page)


WantedOfRequest = Annotated[Wanted, Depends(_wanted)]


@router.get(DESK)
def desk_day(wanted: WantedOfRequest, desk: DeskOfRequest, database: DatabaseOfApp) -> Response:
    """Show the day."""
    board = _board(database, desk, wanted)
    with database.read() as session:
        everyone = [
            it for it in doctors.everyone(session) if it.active or it.id == wanted.doctor_id
        ]
        clinic_name = timetables.clinic(session).name
    return desk.show(
        "desk/day.html",
        clinic_name=clinic_name,
        everyone=everyone,
        specialties=sorted({it.specialty for it in everyone if it.specialty}),
        before=wanted.day - _DAY if wanted.day > date.min else None,
        after=wanted.day + _DAY if wanted.day < date.max else None,
        **board,
    )


@router.get(f"{DESK}/board")
def desk_board(wanted: WantedOfRequest, desk: DeskOfRequest, database: DatabaseOfApp) -> Response:
    """Give the part of the day that renews itself. Whoever only lets it is doing nothing."""
    return desk.show("desk/board.html", clinic_name=None, **_board(database, desk, wanted))


def _board(database: Database, desk: Desk, wanted: Wanted) -> dict[str, Any]:
    """Return what the board's template needs, and write down whose data it shows."""
    with database.read() as session:
        whose = _whose(session, wanted)
        pages = range(-(-len(whose) // _ON_A_PAGE))
        some = whose[wanted.page * _ON_A_PAGE :][:_ON_A_PAGE]
        found = [columns.read(session, *it, wanted.day) for it in some]
        appointments = columns.shown(found)
        names = columns.names_of(session, appointments)
        unread = log.unread(session, appointments, actor=desk.caller.actor)
    if unread:
        with database.write() as session:
            for appointment in unread:
                log.mention(session, "patient.read", appointment, actor=desk.caller.actor)
    return {
        "wanted": wanted,
        "columns": found,
        "pages": pages,
        "names": names,
        "grid": Grid.over(it for column in found for it in column.stretches),
        "zones": {column.doctor.time_zone for column in found},
        "words": words,
    }


def _whose(session: Session, wanted: Wanted) -> list[tuple[Doctor, Timetable]]:
    """Return the doctors who work on the day or have appointments, or the one who is asked for."""
    day = wanted.day
    if wanted.doctor_id is not None:
        doctor = doctors.by_id(session, wanted.doctor_id, inactive=True)
        return [(doctor, timetables.load(session, doctor, day, day))]
    query = doctors.matching(wanted.specialty or None, None, inactive=True)
    some = session.scalars(query.order_by(Doctor.name_key)).all()
    booked = set(
        session.scalars(
            select(Appointment.doctor_id).where(*times.dated(day, day), times.IS_HELD).distinct()
        )
    )
    known = timetables.load_all(session, some, day, day)
    return [
        (doctor, timetable)
        for doctor in some
        if (timetable := known[doctor.id]).windows_on(day) or doctor.id in booked
    ]

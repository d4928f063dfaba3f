from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import WithJsonSchema
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access.guard import CallerOfRequest
from calendula.access.roles import Caller
from calendula.availability import examples, service
from calendula.availability.explain import explain
from calendula.availability.schemas import (
    DatedSlot,
    DayInfo,
    Explanation,
    NextSlots,
    Slots,
)
from calendula.availability.service import LONGEST_RANGE
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Invalid
from calendula.http.dependencies import DatabaseOfApp, KnownQuery, SettingsOfApp
from calendula.http.fields import Id, Instant, LocalDate, PathId, TimeZone, whole_number
from calendula.http.json_body import JsonRoute
from calendula.timetables.timetable import Visit
from calendula.visit_types import service as visit_types

_MOST = 50
_WEEK = timedelta(days=6)
_EARLIEST, _LATEST = date.min + _WEEK, date.max - _WEEK  # any zone can say what is between

router = APIRouter(
    prefix="/v1/doctors/{doctor_id}/slots",
    tags=["Slots"],
    route_class=JsonRoute,
    responses=examples.UNKNOWN,
    dependencies=[KnownQuery],
)

VisitTypeId = Annotated[
    Id | None, Query(description="Starts at which a visit of this kind fits, as long as it is.")
]
Zone = Annotated[
    TimeZone | None, Query(description="IANA zone of the offsets; the doctor's where not given.")
]


@router.get("", summary="See the free slots of a doctor", responses=examples.SLOTS)
def list_slots(
    doctor_id: PathId,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    first: Annotated[
        LocalDate | None, Query(alias="from", description="In the doctor's zone; today's.")
    ] = None,
    last: Annotated[
        LocalDate | None,
        Query(alias="to", description=f"Up to {LONGEST_RANGE} days; six days after `from`."),
    ] = None,
    visit_type: VisitTypeId = None,
    time_zone: Zone = None,
) -> Slots:
    """List the free slots by date; for a date that has none, why."""
    with database.read() as session:
        doctor, visit = _asked(session, caller, doctor_id, visit_type)
        dates = _range(doctor, first, last)
        past = settings.open_clinic
        days = service.days(session, doctor, *dates, past=past, visit=visit)
    zone = time_zone or doctor.time_zone
    infos = [DayInfo.of(day, ZoneInfo(zone)) for day in days]
    return Slots(doctor_id=doctor.id, time_zone=zone, dates=infos)


@router.get("/next", summary="See the first free slots of a doctor", responses=examples.NEXT)
def next_slots(
    doctor_id: PathId,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    count: Annotated[
        int,
        whole_number(1, _MOST),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": _MOST}),
        Query(description="How many at most."),
    ] = 1,
    visit_type: VisitTypeId = None,
    time_zone: Zone = None,
) -> NextSlots:
    """List the first free slots from now on, within a year."""
    with database.read() as session:
        doctor, visit = _asked(session, caller, doctor_id, visit_type)
        slots = service.next_free(session, doctor, count, visit)
    zone = time_zone or doctor.time_zone
    dated = [DatedSlot.dated(slot, ZoneInfo(zone)) for slot in slots]
    return NextSlots(doctor_id=doctor.id, time_zone=zone, slots=dated)


@router.get(
    "/explain", summary="See why a time can be booked, or cannot", responses=examples.EXPLAIN
)
def explain_slot(
    doctor_id: PathId,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    start: Annotated[
        Instant,
        Query(description="The start of the slot, with its offset; a `+` is written `%2B`."),
    ],
    visit_type: VisitTypeId = None,
) -> Explanation:
    """List all that stands against a booking at this time, for the staff."""
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
        shown = _in_zone(start, doctor)
        visit = _visit(session, doctor_id, visit_type, staff=True)
        obstacles = explain(session, doctor, start, visit, past=settings.open_clinic)
    return Explanation.of(shown, obstacles)


def _asked(
    session: Session, caller: Caller, doctor_id: UUID, visit_type_id: UUID | None
) -> tuple[Doctor, Visit | None]:
    doctor = doctors.by_id(session, doctor_id, inactive=caller.is_staff)
    return doctor, _visit(session, doctor_id, visit_type_id, staff=caller.is_staff)


def _visit(
    session: Session, doctor_id: UUID, visit_type_id: UUID | None, *, staff: bool
) -> Visit | None:
    if visit_type_id is None:
        return None
    found = visit_types.get(session, visit_type_id, staff=staff, doctor_id=doctor_id)
    return visit_types.needs(found)


def _range(doctor: Doctor, first: date | None, last: date | None) -> tuple[date, date]:
    first = first or clock.now().astimezone(ZoneInfo(doctor.time_zone)).date()
    last = last or min(first, _LATEST) + _WEEK
    if first < _EARLIEST or last > _LATEST:
        raise Invalid("The dates are at the end of the calendar.")
    if not timedelta() <= last - first < timedelta(LONGEST_RANGE):
        raise Invalid(f"to must be the same date as from, or up to {LONGEST_RANGE - 1} days later.")
    return first, last


def _in_zone(start: datetime, doctor: Doctor) -> datetime:
    if not _EARLIEST <= start.date() <= _LATEST:
        raise Invalid("start is at the end of the calendar.")
    return start.astimezone(ZoneInfo(doctor.time_zone))

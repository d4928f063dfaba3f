"""Appointments, as the staff finds them."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from calendula.access.guard import CallerOfRequest
from calendula.appointments.models import Appointment
from calendula.clinic import examples
from calendula.clinic.appointments.schemas import ListedAppointment
from calendula.clinic.parameters import Flag
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.fields import Id
from calendula.http.json_body import JsonRoute
from calendula.http.pagination import Cursor, Limit, Page, page
from calendula.patients import service as patients

router = APIRouter(
    prefix="/v1/appointments",
    tags=["Appointments"],
    route_class=JsonRoute,
    dependencies=[KnownQuery],
)


@router.get("", summary="List appointments", responses=examples.APPOINTMENTS)
def list_appointments(
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    doctor: Annotated[Id | None, Query(description="Only this doctor's.")] = None,
    orphaned: Annotated[
        Flag | None,
        Query(description="Only those whose time the timetable has lost, or only the others."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ListedAppointment]:
    """List appointments in time order. A doctor sees their own."""
    query = select(Appointment).where(Appointment.patient_id.is_not(None))
    for whose in (doctor, caller.doctor_id):
        if whose is not None:
            query = query.where(Appointment.doctor_id == whose)
    if orphaned is not None:
        query = query.where(Appointment.orphaned if orphaned else ~Appointment.orphaned)
    with database.read() as session:
        order = [Appointment.starts_at, Appointment.id]
        rows, following = page(session, query, order, cursor, limit)
        who = patients.by_ids(session, (row.patient_id for row in rows if row.patient_id))
    items = [ListedAppointment.listed(row, who[row.patient_id]) for row in rows if row.patient_id]
    return Page(items=items, next=following)

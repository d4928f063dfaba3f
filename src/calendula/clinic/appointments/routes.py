"""Appointments, as the staff finds them."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula.access.guard import CallerOfRequest
from calendula.appointments import log, times
from calendula.appointments.models import Appointment
from calendula.appointments.schemas import ListedAppointment
from calendula.appointments.status import Status
from calendula.clinic import examples
from calendula.clinic.parameters import Flag
from calendula.errors import Invalid
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.fields import Id, LocalDate, one_of
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
    patient: Annotated[Id | None, Query(description="Only this patient's.")] = None,
    status: Annotated[
        Status | None, one_of(Status), Query(description="Only those of this status.")
    ] = None,
    first: Annotated[
        LocalDate | None, Query(alias="from", description="Not before this date of the doctor's.")
    ] = None,
    last: Annotated[
        LocalDate | None, Query(alias="to", description="Not after this date of the doctor's.")
    ] = None,
    orphaned: Annotated[
        Flag | None,
        Query(description="Only those whose time the timetable has lost, or only the others."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ListedAppointment]:
    """List appointments in time order; holds are none. A doctor sees their own.

    Whose data is shown is written down.
    """
    if first and last and last < first:
        raise Invalid("to must not be before from.")
    only = {
        Appointment.doctor_id: doctor,
        Appointment.patient_id: patient,
        Appointment.status: status,
    }
    query = select(Appointment).where(
        Appointment.patient_id.is_not(None),
        *(column == value for column, value in only.items() if value is not None),
        *times.dated(first, last),
    )
    if orphaned is not None:
        query = query.where(times.IS_ORPHANED if orphaned else ~Appointment.orphaned)
    if caller.doctor_id is not None:
        query = query.where(Appointment.doctor_id == caller.doctor_id)
    order = [Appointment.starts_at, Appointment.id]
    with database.write() as session:
        rows, following = page(session, query, order, cursor, limit)
        items = show(session, rows, actor=caller.actor)
    return Page(items=items, next=following)


def show(
    session: Session, appointments: Iterable[Appointment], *, actor: str
) -> list[ListedAppointment]:
    """Return what the staff sees of appointments, and write down whose data is shown."""
    appointments = list(appointments)
    who = patients.by_ids(session, (it.patient_id for it in appointments if it.patient_id))
    for appointment in appointments:
        log.mention(session, "patient.read", appointment, actor=actor)
    return [
        ListedAppointment.listed(it, who[it.patient_id]) for it in appointments if it.patient_id
    ]

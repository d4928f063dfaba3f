"""All of an appointment, and what can be done to it now."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import changes, lifecycle, log
from calendula.appointments.lifecycle import Action
from calendula.appointments.models import Appointment
from calendula.appointments.own_access import OwnAppointment as OwnId
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.http.dependencies import DatabaseOfApp
from calendula.pages.desk import words
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.pages.sentences import Told
from calendula.patients.models import Patient
from calendula.timetables import service as timetables
from calendula.visit_types.models import VisitType

_ONE = f"{DESK}/appointments/{{appointment_id}}"
_MOST_EVENTS = 50

router = APIRouter(route_class=DeskRoute)


@router.get(_ONE)
def desk_appointment(
    appointment_id: OwnId, desk: DeskOfRequest, database: DatabaseOfApp
) -> Response:
    """Show an appointment."""
    return show(database, desk, appointment_id)


def show(
    database: Database,
    desk: Desk,
    appointment_id: UUID,
    status: int = 200,
    *,
    problem: Told | None = None,
) -> Response:
    """Return an appointment's page, with why what was asked for was not done.

    Whose data it shows is written down.
    """
    with database.write() as session:
        appointment = changes.get(session, appointment_id)
        log.mention(session, "patient.read", appointment, actor=desk.caller.actor)
        doctor = session.get_one(Doctor, appointment.doctor_id)
        patient = session.get_one(Patient, appointment.patient_id)
        kind = appointment.visit_type_id
        visit_type = session.get(VisitType, kind) if kind else None
        history = _history(session, appointment)
        clinic_name = timetables.clinic(session).name
    possible = lifecycle.allowed(appointment, clock.now())
    return desk.show(
        "desk/appointment.html",
        status,
        clinic_name=clinic_name,
        appointment=appointment,
        doctor=doctor,
        patient=patient,
        visit_type=visit_type,
        history=history,
        problem=problem,
        possible=[
            it for it, doing in words.DOINGS.items() if it in possible and desk.may(doing.operation)
        ],
        can_move=Action.MOVE in possible and desk.may("desk_move"),
        can_cancel=Action.CANCEL in possible and desk.may("desk_cancel"),
        words=words,
        day=appointment.starts_at.astimezone(doctor.zone).date(),
    )


def _history(session: Session, appointment: Appointment) -> Sequence[Event]:
    """Return what happened to an appointment, the latest last."""
    query = select(Event).where(
        Event.appointment_id == appointment.id, Event.action.in_(words.EVENTS)
    )
    return session.scalars(query.order_by(Event.number).limit(_MOST_EVENTS)).all()

"""An appointment is seen, moved and cancelled: by the staff, and by the patient with its token."""

import secrets
from contextlib import AbstractContextManager

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from calendula.access import tokens
from calendula.access.guard import CallerOfRequest, ClientOfRequest
from calendula.access.roles import Caller
from calendula.appointments import changes, log, own_access
from calendula.appointments.own_access import OwnAppointment as OwnId
from calendula.appointments.schemas import OwnAppointment, StaffAppointment
from calendula.booking import choices, examples
from calendula.booking.changes import service
from calendula.booking.changes.schemas import Cancellation, Move, NewToken
from calendula.database import Database
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp, KnownQuery, SettingsOfApp
from calendula.http.etags import IfMatch
from calendula.http.json_body import JsonRoute
from calendula.patients import records

router = APIRouter(
    prefix="/v1/appointments/{appointment_id}",
    tags=["Appointments"],
    route_class=JsonRoute,
    responses=examples.UNKNOWN,
    dependencies=[KnownQuery],
)


@router.get("", summary="Read an appointment", responses=examples.READ)
def read_appointment(
    appointment_id: OwnId, response: Response, caller: CallerOfRequest, database: DatabaseOfApp
) -> StaffAppointment | OwnAppointment:
    """Show an appointment: to the staff with its patient, to the patient without."""
    with _reading(database, caller) as session:
        appointment = changes.get(session, appointment_id)
        if caller.is_staff:
            log.mention(session, "patient.read", appointment, actor=caller.actor)
        shown = service.show(session, appointment, caller)
    etags.show(response, appointment.version)
    return shown


@router.get(
    "/calendar.ics",
    summary="Fetch an appointment for a calendar",
    response_class=Response,
    responses=examples.CALENDAR_FILE,
)
def read_calendar_file(
    appointment_id: OwnId, caller: CallerOfRequest, database: DatabaseOfApp
) -> Response:
    """Give the appointment as iCalendar (RFC 5545): an invitation, or its cancellation."""
    with _reading(database, caller) as session:
        appointment = changes.get(session, appointment_id)
        if caller.is_staff:
            log.mention(session, "patient.read", appointment, actor=caller.actor)
        return service.give_calendar_file(session, appointment)


@router.post("/move", summary="Move an appointment", responses=examples.MOVE)
def move_appointment(
    appointment_id: OwnId,
    wanted: Move,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    client: ClientOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> StaffAppointment | OwnAppointment:
    """Give an appointment another time, or leave it as it is: the new one is won first.

    The patient can do so until the cutoff of the doctor's policy.
    """
    with database.read() as session:
        seen = changes.get(session, appointment_id)
    doctor_id = wanted.doctor_id or seen.doctor_id
    others = choices.others_offered(database, doctor_id, seen.visit_type_id, wanted.start)
    with others, database.write() as session:
        appointment = service.move(
            session, settings, appointment_id, wanted, caller, precondition, client=client
        )
        shown = service.show(session, appointment, caller)
    etags.show(response, appointment.version)
    return shown


@router.post("/cancel", summary="Cancel an appointment", responses=examples.CANCEL)
def cancel_appointment(
    appointment_id: OwnId,
    cancellation: Cancellation,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
) -> StaffAppointment | OwnAppointment:
    """Free the slot at once. Twice is the same as once.

    The patient can do so until the cutoff of the doctor's policy.
    """
    with database.write() as session:
        appointment = service.cancel(
            session, appointment_id, cancellation.reason, caller, precondition
        )
        shown = service.show(session, appointment, caller)
    etags.show(response, appointment.version)
    return shown


@router.post(
    "/tokens",
    status_code=201,
    summary="Give the patient another token",
    responses=examples.ISSUE_TOKEN,
)
def issue_token(
    appointment_id: OwnId,
    response: Response,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> NewToken:
    """Make another token for an appointment. The answer is the only one that ever holds it."""
    secret = secrets.token_bytes(32)
    with database.write() as session:
        records.refuse_erased(changes.hold_patient(session, appointment_id))
        appointment = changes.get(session, appointment_id)
        own_access.give(session, appointment, secret, days=settings.token_days)
        log.mention(session, "token.issued", appointment, actor=caller.actor)
    response.headers["Cache-Control"] = "no-store"
    return NewToken(manage_token=tokens.write(secret))


@router.delete("/tokens", status_code=204, summary="Revoke the patient's tokens")
def revoke_tokens(appointment_id: OwnId, caller: CallerOfRequest, database: DatabaseOfApp) -> None:
    """Let no token open an appointment any more. Twice is the same as once."""
    with database.write() as session:
        if tokens.revoke(session, appointment_id):
            appointment = changes.get(session, appointment_id)
            log.mention(session, "token.revoked", appointment, actor=caller.actor)


def _reading(database: Database, caller: Caller) -> AbstractContextManager[Session]:
    """Open what a reading needs: that of the staff is written down."""
    return database.write() if caller.is_staff else database.read()

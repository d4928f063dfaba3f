"""The patient's own access to an appointment, by the token that its booking gave them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access import tokens
from calendula.access.guard import CallerOfRequest
from calendula.access.roles import Caller
from calendula.appointments.changes import UnknownAppointment
from calendula.appointments.models import AnyAppointment, Appointment
from calendula.errors import denying
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.fields import PathId
from calendula.idempotency.service import Outcome


def give(session: Session, appointment: Appointment, secret: bytes, *, days: int) -> None:
    """Let the token of a secret open an appointment, until some days after it."""
    give_all(session, [(appointment, secret)], days=days)


def give_all(session: Session, some: Iterable[tuple[AnyAppointment, bytes]], *, days: int) -> None:
    """Let the token of each secret open its appointment, until some days after it."""
    tokens.issue_all(session, [(it.id, secret, _until(it, days)) for it, secret in some])


def prolong(session: Session, appointment: Appointment, *, days: int) -> None:
    """Let the tokens of an appointment that was moved open it until some days after it."""
    tokens.change_end(session, appointment.id, expires_at=_until(appointment, days))


def answer(
    outcome: Outcome, name: str = "manage_token", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the answer to a booking or a hold, with its token, which is stored nowhere.

    `name` is the token's member.
    """
    if outcome.secret is None:
        content = outcome.answer
    else:
        content = {**outcome.answer, name: tokens.write(outcome.secret)}
    kept_by_nobody = {"Cache-Control": "no-store"}
    return JSONResponse(
        content,
        HTTPStatus.CREATED.value,
        {**kept_by_nobody, **said_again(outcome), **(headers or {})},
    )


def said_again(outcome: Outcome) -> dict[str, str]:
    """Return the header of an answer that was given before."""
    return {"Idempotency-Replayed": "true"} if outcome.replayed else {}


def _until(appointment: AnyAppointment, days: int) -> datetime:
    """Return when a token ends; that of an appointment in the past, counted from now."""
    try:
        return max(appointment.ends_at, clock.now()) + timedelta(days=days)
    except OverflowError:  # at the end of the calendar
        return appointment.ends_at


def _own(appointment_id: PathId, caller: CallerOfRequest, database: DatabaseOfApp) -> UUID:
    """Return the id of the appointment in the path, if it is the caller's business.

    That it is another's, nobody is told; but it is written down.
    """
    with database.read() as session:
        query = select(Appointment.doctor_id).where(
            Appointment.id == appointment_id, Appointment.patient_id.is_not(None)
        )
        doctor_id = session.scalar(query)
    refuse_others(caller, appointment_id, doctor_id)
    return appointment_id


def refuse_others(caller: Caller, appointment_id: UUID, doctor_id: UUID | None) -> None:
    """Raise UnknownAppointment where an appointment is none of a caller's business, or is none.

    `doctor_id` is whose it is, None where there is none.
    """
    unknown = UnknownAppointment("There is no such appointment.")
    if doctor_id is None:
        raise unknown
    by_token = caller.appointment_id in {None, appointment_id}
    if not by_token or caller.doctor_id not in {None, doctor_id}:
        raise denying(unknown)


OwnAppointment = Annotated[UUID, Depends(_own)]
"""The id of an appointment that the caller may know of: their own, or any for the staff."""

"""A time is kept while somebody makes up their mind."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access import tokens
from calendula.access.guard import CallerOfRequest
from calendula.access.roles import Caller
from calendula.appointments import holds, own_access
from calendula.appointments.holds import UnknownHold
from calendula.appointments.offers import ByStart
from calendula.booking import choices, examples
from calendula.booking.holds.schemas import HoldInfo, NewHold, shown
from calendula.doctors import service as doctors
from calendula.errors import Forbidden, denying
from calendula.http.clients import network_of
from calendula.http.dependencies import (
    DatabaseOfApp,
    IdempotencyKey,
    KnownQuery,
    SettingsOfApp,
)
from calendula.http.fields import PathId
from calendula.http.json_body import JsonRoute
from calendula.http.links import link
from calendula.idempotency import service as idempotency
from calendula.idempotency.service import Done
from calendula.settings import Settings

_AFTER_ITS_END = timedelta(days=1)  # so that who comes late is told that the hold has ended

router = APIRouter(
    prefix="/v1/holds", tags=["Booking"], route_class=JsonRoute, dependencies=[KnownQuery]
)


@router.post(
    "",
    status_code=201,
    summary="Hold a slot",
    response_model=HoldInfo,
    responses=examples.HOLD,
)
def create_hold(
    new: NewHold,
    request: Request,
    key: IdempotencyKey,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Keep a free slot for some minutes. It is the doctor's time that is kept, for any visit."""
    if (new.minutes or 0) > settings.hold_minutes and not caller.is_staff:
        raise Forbidden("Only the staff may hold a slot for so long.")
    holder = f"key:{caller.key_id}" if caller.key_id else network_of(request)
    wanted = new.doctor_id, new.visit_type_id, new.start
    with choices.others_offered(database, *wanted), database.write() as session:
        outcome = idempotency.once(
            session,
            idempotency.operation_of(caller.key_id, "create_hold"),
            key,
            new.model_dump_json(),
            lambda secret: _place(session, settings, new, caller, holder, secret),
        )
    path = f"/v1/holds/{outcome.answer['id']}"
    return own_access.answer(outcome, "token", {"Location": link(request, path)})


@router.delete(
    "/{hold_id}", status_code=204, summary="Let a slot go", responses=examples.UNKNOWN_HOLD
)
def release_hold(hold_id: PathId, caller: CallerOfRequest, database: DatabaseOfApp) -> None:
    """End a hold. One that has ended stays so; one that was booked is a hold no more."""
    if caller.appointment_id not in {None, hold_id}:
        raise denying(UnknownHold("There is no such hold."))
    with database.write() as session:
        holds.release(session, hold_id, actor=caller.actor)


def _place(
    session: Session, settings: Settings, new: NewHold, caller: Caller, holder: str, secret: bytes
) -> Done:
    doctor = doctors.by_id(session, new.doctor_id)
    needs = choices.visit(session, new.visit_type_id, doctor.id, staff=caller.is_staff)
    hold = holds.place(
        session,
        doctor,
        ByStart(new.start, needs),
        holder=holder,
        most=settings.holds_per_key if caller.key_id else settings.holds_per_client,
        lasts=timedelta(minutes=new.minutes or settings.hold_minutes),
        actor=caller.actor,
        past=settings.open_clinic,
    )
    expires_at = hold.expires_at or clock.now()
    tokens.issue(session, hold.id, secret, expires_at=expires_at + _AFTER_ITS_END)
    return Done(shown(hold, doctor), hold.id)

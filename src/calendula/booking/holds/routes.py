"""A time is kept while somebody makes up their mind."""

from fastapi import APIRouter, Request, Response

from calendula.access.guard import CallerOfRequest, ClientOfRequest
from calendula.appointments import own_access
from calendula.appointments.holds import UnknownHold
from calendula.booking import choices, examples
from calendula.booking.holds import service
from calendula.booking.holds.schemas import HoldInfo, NewHold
from calendula.errors import denying
from calendula.http.dependencies import (
    DatabaseOfApp,
    IdempotencyKey,
    KnownQuery,
    SettingsOfApp,
)
from calendula.http.fields import PathId
from calendula.http.json_body import JsonRoute
from calendula.http.links import link

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
    client: ClientOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Keep a free slot for some minutes. It is the doctor's time that is kept, for any visit."""
    wanted = new.doctor_id, new.visit_type_id, new.start
    with choices.others_offered(database, *wanted), database.write() as session:
        outcome = service.place(session, settings, new, caller, key, client=client)
    path = f"/v1/holds/{outcome.answer['id']}"
    return own_access.answer(outcome, "token", {"Location": link(request, path)})


@router.delete(
    "/{hold_id}", status_code=204, summary="Let a slot go", responses=examples.UNKNOWN_HOLD
)
def release_hold(
    hold_id: PathId, caller: CallerOfRequest, client: ClientOfRequest, database: DatabaseOfApp
) -> None:
    """End a hold. One that has ended stays so; one that was booked is a hold no more."""
    if caller.appointment_id not in {None, hold_id}:
        raise denying(UnknownHold("There is no such hold."))
    with database.write() as session:
        service.release(session, hold_id, caller, client=client)

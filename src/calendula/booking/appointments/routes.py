"""A slot is booked."""

from fastapi import APIRouter, Request, Response

from calendula.access.guard import CallerOfRequest, ClientOfRequest
from calendula.appointments import own_access
from calendula.booking import choices, examples
from calendula.booking.appointments import service
from calendula.booking.appointments.schemas import Booked, NewAppointment
from calendula.http.dependencies import (
    DatabaseOfApp,
    IdempotencyKey,
    KnownQuery,
    SettingsOfApp,
)
from calendula.http.json_body import JsonRoute
from calendula.http.links import link

router = APIRouter(
    prefix="/v1/appointments", tags=["Booking"], route_class=JsonRoute, dependencies=[KnownQuery]
)


@router.post(
    "",
    status_code=201,
    summary="Book an appointment",
    response_model=Booked,
    responses=examples.BOOKING,
)
def create_appointment(
    new: NewAppointment,
    request: Request,
    key: IdempotencyKey,
    caller: CallerOfRequest,
    client: ClientOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Book a free slot, or one that is held. Of two who want the same slot, one gets it."""
    wanted = new.doctor_id, new.visit_type_id, new.start
    with choices.others_offered(database, *wanted), database.write() as session:
        outcome = service.book(session, settings, new, caller, key, client=client)
    path = f"/v1/appointments/{outcome.answer['id']}"
    return own_access.answer(outcome, headers={"Location": link(request, path)})

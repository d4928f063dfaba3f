from typing import Annotated

from fastapi import APIRouter, Query, Response

from calendula.access.guard import CallerOfRequest, ClientOfRequest
from calendula.appointments import own_access
from calendula.classic import examples, service
from calendula.classic.schemas import AvailableSlots, Booked, BookingRequest
from calendula.doctors.service import NameConfusable
from calendula.errors import Conflict
from calendula.http.dependencies import (
    DatabaseOfApp,
    IdempotencyKey,
    SettingsOfApp,
    StrictQuery,
)
from calendula.http.fields import LocalDate, Name
from calendula.http.json_body import JsonRoute

FAILURE_MESSAGES = {
    "/book_appointment": "Error in booking appointment!",
    "/available_slots": "Error in fetching available slots",
}
"""What the contract says of the unforeseen, by path."""

router = APIRouter(tags=["Booking"], route_class=JsonRoute)


@router.post(
    "/book_appointment",
    status_code=201,
    response_model=Booked,
    summary="Book a slot",
    responses=examples.BOOKING,
)
def book_appointment(
    request: BookingRequest,
    key: IdempotencyKey,
    caller: CallerOfRequest,
    client: ClientOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Book a slot of a doctor for a patient. Of two who want the same slot, one gets it."""
    try:
        with database.write() as session:
            outcome = service.book(session, settings, request, key, caller, client=client)
    except NameConfusable:  # there is no such doctor, who could have other slots
        raise
    except Conflict as refusal:
        with database.read() as session:
            day = service.look_up(session, settings, request.doctor_name, request.date)
        refusal.members["available_slots"] = [slot.label for slot in day.free]
        raise
    return own_access.answer(outcome)


@router.get(
    "/available_slots",
    response_model_exclude_none=True,
    summary="See the free slots of a day",
    responses=examples.LOOKUP,
    dependencies=[StrictQuery],
)
def available_slots(
    doctor_name: Annotated[Name, Query(examples=["Dr. Rajesh Kumar"])],
    date: Annotated[LocalDate, Query(examples=["2025-02-07"])],
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> AvailableSlots:
    """List the slots of a doctor that can still be booked on a date."""
    with database.read() as session:
        day = service.look_up(session, settings, doctor_name, date)
    return AvailableSlots(available_slots=[slot.label for slot in day.free], reason=day.reason)

"""The log of events, for those who look into it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from calendula.appointments.own_access import OwnAppointment
from calendula.audit.schemas import EventInfo, EventPage
from calendula.database import settled
from calendula.events.models import Event
from calendula.http import openapi
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.fields import Id, Instant, Words
from calendula.http.json_body import JsonRoute
from calendula.http.pagination import Cursor, Limit, cursor_behind, page
from calendula.http.problems import body

_NO_APPOINTMENT = body(404, "There is no such appointment.", "unknown-appointment", {})
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: openapi.problem("No appointment has this id", unknown_appointment=_NO_APPOINTMENT)
}

router = APIRouter(prefix="/v1", tags=["Events"], route_class=JsonRoute, dependencies=[KnownQuery])


@router.get("/events", summary="Read the log of events")
def list_events(
    database: DatabaseOfApp,
    doctor: Annotated[Id | None, Query(description="Only what is about this doctor.")] = None,
    appointment: Annotated[Id | None, Query(description="Only about this appointment.")] = None,
    patient: Annotated[Id | None, Query(description="Only about this patient.")] = None,
    action: Annotated[Words | None, Query(description="Only this: `appointment.booked`.")] = None,
    actor: Annotated[Words | None, Query(description="Only by them: `public`.")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="Not before this.")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Before this.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> EventPage:
    """Read events in the order of their numbers. A reader who goes on from `next` misses none."""
    only = {
        Event.doctor_id: doctor,
        Event.appointment_id: appointment,
        Event.patient_id: patient,
        Event.action: action,
        Event.actor: actor,
    }
    query = select(Event).where(*(it == value for it, value in only.items() if value is not None))
    if since is not None:
        query = query.where(Event.at >= since)
    if until is not None:
        query = query.where(Event.at < until)
    with database.read() as session:
        return _page(session, query, cursor, limit)


@router.get(
    "/appointments/{appointment_id}/history",
    summary="Read an appointment's history",
    responses=_UNKNOWN,
)
def read_history(
    appointment_id: OwnAppointment,
    database: DatabaseOfApp,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> EventPage:
    """Read what happened to an appointment, in order. A doctor reads of their own."""
    query = select(Event).where(Event.appointment_id == appointment_id)
    with database.read() as session:
        return _page(session, query, cursor, limit)


def _page(session: Session, query: Select[Event], cursor: str | None, limit: int) -> EventPage:
    until = settled(session, Event.number)
    rows, _ = page(session, query.where(Event.number <= until), [Event.number], cursor, limit)
    following = cursor_behind(rows[-1].number) if rows else cursor or cursor_behind(0)
    return EventPage(items=[EventInfo.of(event) for event in rows], next=following)

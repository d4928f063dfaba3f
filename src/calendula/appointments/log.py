"""What the event log says of an appointment: never who the patient is, nor what people wrote."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.models import AnyAppointment, Appointment
from calendula.database import JsonObject
from calendula.events import service as events
from calendula.events.models import Event

_ONE_READING = timedelta(hours=1)


def state(appointment: AnyAppointment) -> JsonObject:
    """Return how an appointment is, for the log."""
    return {
        "status": str(appointment.status),
        "doctor_id": str(appointment.doctor_id),
        "date": appointment.date.isoformat(),
        "slot": appointment.slot,
        "start": _written(appointment.starts_at),
        "end": _written(appointment.ends_at),
        "visit_type_id": appointment.visit_type_id and str(appointment.visit_type_id),
        "sequence": appointment.sequence,
    }


def record(
    session: Session,
    action: str,
    appointment: AnyAppointment,
    *,
    actor: str,
    before: JsonObject | None,
    why: str | None = None,
) -> None:
    """Write an event about an appointment as it is now. `before` is how it was, None if it was not.

    `why` is the staff's reason for an override.
    """
    data: JsonObject = {"before": before, "after": state(appointment)}
    if why is not None:
        data["override"] = why
    _write(session, action, appointment, actor, data)


def mention(session: Session, action: str, appointment: Appointment, *, actor: str) -> None:
    """Write an event about an appointment that it has not changed."""
    _write(session, action, appointment, actor, {})


def unread(
    session: Session, appointments: Iterable[Appointment], *, actor: str
) -> list[Appointment]:
    """Return an appointment of each patient whom an actor has not read of within the last hour.

    It is for a page that renews itself: who goes on looking at it reads once, and not each time.
    """
    now = clock.now()
    by_patient = {it.patient_id: it for it in appointments if it.patient_id is not None}
    query = select(Event.patient_id).where(
        Event.patient_id.in_(by_patient),
        Event.action == "patient.read",
        Event.actor == actor,
        Event.at > now - _ONE_READING,
        Event.at <= now,  # else nothing would be written for long where the clock was put back
    )
    lately = set(session.scalars(query.distinct()))
    return [it for patient_id, it in by_patient.items() if patient_id not in lately]


def _write(
    session: Session, action: str, appointment: AnyAppointment, actor: str, data: JsonObject
) -> None:
    events.record(
        session,
        action,
        actor=actor,
        doctor_id=appointment.doctor_id,
        appointment_id=appointment.id,
        patient_id=appointment.patient_id,
        data=data,
    )


def _written(instant: datetime) -> str:
    return instant.isoformat()

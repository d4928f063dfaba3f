"""What the event log says of an appointment: never who the patient is, nor what people wrote."""

from datetime import datetime

from sqlalchemy.orm import Session

from calendula.appointments.models import Appointment
from calendula.database import JsonObject
from calendula.events import service as events


def state(appointment: Appointment) -> JsonObject:
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
    appointment: Appointment,
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


def _write(
    session: Session, action: str, appointment: Appointment, actor: str, data: JsonObject
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

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from calendula.access.models import AppointmentToken
from calendula.appointments.models import Appointment
from calendula.clinic.patients.schemas import (
    ExportedAnswer,
    ExportedAppointment,
    ExportedEvent,
    PatientExport,
    PatientRecord,
)
from calendula.database import batches
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.idempotency.models import IdempotencyKey
from calendula.patients import records
from calendula.patients.models import Patient
from calendula.visit_types.models import VisitType


def export(session: Session, patient: Patient) -> PatientExport:
    """Return all that is stored about a patient, under every name."""
    aliases = records.aliases(session, patient)
    people = [patient, *aliases]
    appointments = _appointments(session, [it.id for it in people])
    return PatientExport(
        patient=PatientRecord.model_validate(patient),
        aliases=[PatientRecord.model_validate(it) for it in aliases],
        appointments=appointments,
        events=_events(session, [it.id for it in people], [it.id for it in appointments]),
    )


def _appointments(session: Session, people: Sequence[UUID]) -> list[ExportedAppointment]:
    query = (
        select(Appointment, Doctor.name, VisitType.name)
        .join(Doctor, Doctor.id == Appointment.doctor_id)
        .outerjoin(VisitType, VisitType.id == Appointment.visit_type_id)
        .where(Appointment.patient_id.in_(people))
        .order_by(Appointment.starts_at, Appointment.id)
    )
    rows = session.execute(query).all()
    ids = [appointment.id for appointment, *_ in rows]
    tokens = _by_appointment(session, AppointmentToken, ids)
    answers = _by_appointment(session, IdempotencyKey, ids)
    return [
        ExportedAppointment.of(
            it,
            doctor_name=doctor,
            visit_type=visit_type,
            tokens_expire_at=sorted(token.expires_at for token in tokens[it.id]),
            stored_answers=[
                ExportedAnswer(answer=kept.answer, created_at=kept.created_at)
                for kept in answers[it.id]
            ],
        )
        for it, doctor, visit_type in rows
    ]


def _by_appointment(session: Session, table: Any, ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Return the rows of a table that are about appointments, by those."""
    column: InstrumentedAttribute[UUID] = table.appointment_id
    found: dict[UUID, list[Any]] = defaultdict(list)
    for batch in batches(ids):
        for row in session.scalars(select(table).where(column.in_(batch))):
            found[row.appointment_id].append(row)
    return found


def _events(
    session: Session, people: Sequence[UUID], appointments: Sequence[UUID]
) -> list[ExportedEvent]:
    """Return what the log says of people, or of their appointments, each event once."""
    about = [
        column.in_(batch)
        for column, ids in ((Event.patient_id, people), (Event.appointment_id, appointments))
        for batch in batches(ids)
    ]
    found = chain.from_iterable(session.scalars(select(Event).where(it)) for it in about)
    events = {event.number: event for event in found}
    return [ExportedEvent.model_validate(events[number]) for number in sorted(events)]

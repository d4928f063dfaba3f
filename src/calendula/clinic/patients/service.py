"""What the staff does with patients, each with its line in the log of events."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula.access.roles import DOCTOR, Caller
from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING
from calendula.errors import denying
from calendula.events import service as events
from calendula.patients import records
from calendula.patients.models import Patient


def note_read(session: Session, some: Iterable[Patient], caller: Caller) -> None:
    """Write down whose data is shown."""
    for patient in some:
        events.record(session, "patient.read", actor=caller.actor, patient_id=patient.id)


def read(session: Session, patient_id: UUID, caller: Caller) -> Patient:
    """Return a patient, and write down that they are shown.

    Raises UnknownPatient where there is none of this id, or none whom the doctor who asks has seen
    or will see.
    """
    patient = records.get(session, patient_id)
    _check_seen_by(session, patient, caller)
    note_read(session, [patient], caller)
    return patient


def change(
    session: Session, patient_id: UUID, values: dict[str, str | None], caller: Caller
) -> Patient:
    """Let columns of a patient be this, and write down which ones. Raises as `records` does."""
    (patient,) = records.take(session, patient_id)
    changed = records.change(session, patient, values)
    said = {"changed": changed}
    events.record(session, "patient.changed", actor=caller.actor, patient_id=patient.id, data=said)
    return patient


def _check_seen_by(session: Session, patient: Patient, caller: Caller) -> None:
    if caller.role is not DOCTOR:
        return
    # Of the patient's appointments, since these are few, and the doctor's are not.
    seen_by = select(Appointment.doctor_id).where(
        Appointment.patient_id == patient.id, Appointment.status.in_(HOLDING)
    )
    if caller.doctor_id not in session.scalars(seen_by.distinct()).all():
        raise denying(records.unknown())

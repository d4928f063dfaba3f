"""What becomes of a patient's appointments when the patient is merged or erased."""

from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access.models import AppointmentToken
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.database import batches
from calendula.errors import Conflict
from calendula.idempotency.models import IdempotencyKey
from calendula.patients import records
from calendula.patients.models import Patient

_MOST = 50  # ids in an answer
_OPEN = (Status.PENDING, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN)


class HasAppointments(Conflict):
    """The clinic still expects the patient, and must know whom."""

    code = "patient-has-appointments"


def merge(session: Session, patient_id: UUID, duplicate_id: UUID) -> tuple[Patient, int]:
    """Let a duplicate's appointments be a patient's; return the patient, and how many those were.

    Bookings under either name wait for this, or this for them: none is left to the duplicate.
    Raises SamePatient, UnknownPatient, PatientMerged and PatientErased.
    """
    if patient_id == duplicate_id:
        raise records.SamePatient("Nobody is their own duplicate.")
    patient, duplicate = records.take(session, patient_id, duplicate_id)
    records.merge(session, patient, duplicate)
    _lock_appointments(session, duplicate)
    moved = session.scalars(
        update(Appointment)
        .where(Appointment.patient_id == duplicate.id)
        .values(patient_id=patient.id, **_changed())
        .returning(Appointment.id)
    )
    return patient, len(moved.all())


def erase(session: Session, patient_id: UUID) -> tuple[Patient, bool]:
    """Forget who a patient is; return what is left, and whether there was anything to forget.

    Doctor, time and status of the appointments stay. What else is known of them goes, and so do the
    tokens that open them and the answers that are kept for repeated requests. Raises
    UnknownPatient, PatientMerged, and HasAppointments with the ids of the next ones.
    """
    (patient,) = records.take(session, patient_id)
    _lock_appointments(session, patient)
    _have_none_ahead(session, patient)
    forgotten = records.erase(session, patient)
    _forget_appointments(session, patient)
    return patient, forgotten


def _lock_appointments(session: Session, patient: Patient) -> None:
    """Wait for whoever changes an appointment of a patient's: what they wrote is seen from here on.

    In the order of the ids, as by who closes a date. An alias has no appointments.
    """
    theirs = select(Appointment.id).where(Appointment.patient_id == patient.id)
    session.execute(theirs.order_by(Appointment.id).with_for_update()).all()


def _have_none_ahead(session: Session, patient: Patient) -> None:
    ahead = (
        select(Appointment.id)
        .where(
            Appointment.patient_id == patient.id,
            Appointment.status.in_(_OPEN),
            Appointment.ends_at > clock.now(),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(_MOST)
    )
    if ids := [str(appointment_id) for appointment_id in session.scalars(ahead)]:
        raise HasAppointments(
            "The patient has appointments ahead. Cancel them first.", appointments=ids
        )


def _forget_appointments(session: Session, patient: Patient) -> None:
    theirs = Appointment.patient_id == patient.id
    for ids in batches(session.scalars(select(Appointment.id).where(theirs)).all()):
        session.execute(delete(AppointmentToken).where(AppointmentToken.appointment_id.in_(ids)))
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.appointment_id.in_(ids)))
    said = (Appointment.email, Appointment.phone, Appointment.note, Appointment.reason)
    session.execute(
        update(Appointment)
        .where(theirs, or_(*(column.is_not(None) for column in said)))
        .values({**dict.fromkeys(it.key for it in said), **_changed()})
    )


def _changed() -> dict[str, object]:
    return {"version": Appointment.version + 1, "updated_at": clock.now()}

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, literal, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING, Status
from calendula.database import Id, Instant, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, Unavailable
from calendula.events import service as events
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot

_LONGEST = timedelta(days=1)  # a check constraint; it lets an index find what reaches into a time
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_TRIES = 3


class SlotTaken(Conflict):
    """Another appointment holds the time."""

    code = "slot-taken"


class SlotNotOffered(Conflict):
    """The doctor's timetable has no such slot on that date."""

    code = "slot-not-offered"


class SlotPassed(Conflict):
    """The slot has begun, and this clinic does not book the past."""

    code = "slot-passed"


class Busy(NamedTuple):
    """A time in which a doctor has an appointment."""

    start: datetime
    end: datetime


def book(
    session: Session,
    doctor: Doctor,
    day: date,
    label: str,
    *,
    patient_id: UUID,
    actor: str,
    not_before: datetime | None,
) -> tuple[UUID, Slot]:
    """Book the slot of this label on a doctor's local date; return the appointment's id and slot.

    Raises SlotNotOffered, SlotPassed where it starts before `not_before`, SlotTaken, and
    Unavailable where edits of the timetable came in between again and again.
    """
    for _ in range(_TRIES):
        slot = next((s for s in timetables.offered(session, doctor, day) if s.label == label), None)
        if slot is None:
            raise SlotNotOffered("The doctor does not offer this time slot! Choose another slot.")
        if not_before is not None and slot.start < not_before:
            raise SlotPassed("This time has passed! Choose another slot.")
        appointment_id = _insert(session, doctor, slot, patient_id)
        if appointment_id is not None:
            _record(session, appointment_id, doctor, slot, actor)
            return appointment_id, slot
        seen = doctor.timetable_version
        session.refresh(doctor)
        if doctor.timetable_version == seen:
            raise SlotTaken("Time slot already booked! Choose another slot.")
    raise Unavailable("The doctor's timetable is being changed. Try again in a moment.")


def busy(session: Session, doctor_id: UUID, start: datetime, end: datetime) -> Sequence[Busy]:
    """Return the times between two instants that are held by a doctor's appointments."""
    held = select(Appointment.starts_at, Appointment.ends_at).where(_held(doctor_id, start, end))
    return [Busy(*times) for times in session.execute(held)]


def _insert(session: Session, doctor: Doctor, slot: Slot, patient_id: UUID) -> UUID | None:
    """Insert the appointment if the slot is free and the timetable is still the one that was read.

    The row of the doctor is locked against edits (FOR SHARE) until the booking commits, so that an
    edit sees the booking or the booking sees the edit. That nothing overlaps is checked here for
    the answer's sake; what enforces it are the constraints.
    """
    values = {
        Appointment.id: literal(new_id(), Id),
        Appointment.doctor_id: Doctor.id,
        Appointment.patient_id: literal(patient_id, Id),
        Appointment.date: literal(slot.date),
        Appointment.slot: literal(slot.label),
        Appointment.starts_at: literal(slot.start, Instant),
        Appointment.ends_at: literal(slot.end, Instant),
        Appointment.status: literal(Status.BOOKED.value),
        Appointment.created_at: literal(clock.now(), Instant),
    }
    row = (
        select(*values.values())
        .where(
            Doctor.id == doctor.id,
            Doctor.timetable_version == doctor.timetable_version,
            ~exists().where(_held(doctor.id, slot.start, slot.end)),
        )
        .with_for_update(read=True, of=Doctor)
    )
    insert = insert_unless_conflict(session, Appointment).from_select(list(values), row)
    return session.scalar(insert.returning(Appointment.id))


def _held(doctor_id: UUID, start: datetime, end: datetime) -> ColumnElement[bool]:
    reach = start - _LONGEST if start - _BEGINNING > _LONGEST else _BEGINNING
    return and_(
        Appointment.doctor_id == doctor_id,
        Appointment.status.in_(HOLDING),
        Appointment.starts_at > reach,
        Appointment.starts_at < end,
        Appointment.ends_at > start,
    )


def _record(session: Session, appointment_id: UUID, doctor: Doctor, slot: Slot, actor: str) -> None:
    events.record(
        session,
        "appointment.booked",
        actor=actor,
        doctor_id=doctor.id,
        appointment_id=appointment_id,
        data={"status": Status.BOOKED, "date": slot.date.isoformat(), "slot": slot.label},
    )

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING, Status
from calendula.database import Id, Instant, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, Unavailable
from calendula.events import service as events
from calendula.patients import service as patients
from calendula.timetables import service as timetables
from calendula.timetables.policy import Limits
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Timetable

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


class SlotTooSoon(Conflict):
    """The slot begins sooner than the doctor's policy lets it be booked."""

    code = "slot-too-soon"


class SlotTooFarAhead(Conflict):
    """The slot is later than the doctor's policy lets it be booked."""

    code = "slot-too-far-ahead"


class TooManyAppointments(Conflict):
    """The patient has as many appointments ahead as the doctor's policy allows."""

    code = "too-many-appointments"


class Busy(NamedTuple):
    """A time in which a doctor has an appointment, with the date and slot that it was booked as."""

    start: datetime
    end: datetime
    date: date
    slot: str
    appointment_id: UUID


def book(
    session: Session,
    doctor: Doctor,
    day: date,
    label: str,
    *,
    patient_id: UUID,
    actor: str,
    past: bool,
) -> tuple[UUID, Slot]:
    """Book the slot of this label on a doctor's local date; return the appointment's id and slot.

    `past` lets the past be booked. Raises SlotNotOffered, SlotPassed, SlotTooSoon, SlotTooFarAhead,
    TooManyAppointments, SlotTaken, and Unavailable where edits of the timetable came in between
    again and again.
    """
    for _ in range(_TRIES):
        timetable = timetables.load(session, doctor, day, day)
        slot = _offered(timetable, day, label)
        _check_limits(slot, Limits.at(clock.now(), timetable.policy, timetable.zone, past=past))
        if slot.start > clock.now():
            _check_number(session, doctor, patient_id, timetable.policy.max_future_appointments)
        appointment_id = _insert(session, doctor, slot, patient_id)
        if appointment_id is not None:
            _record(session, appointment_id, doctor, slot, actor)
            return appointment_id, slot
        seen = doctor.timetable_version
        session.refresh(doctor)
        if doctor.timetable_version == seen:
            raise SlotTaken("Time slot already booked! Choose another slot.")
    raise Unavailable("The doctor's timetable is being changed. Try again in a moment.")


def held_by(doctors: Iterable[Doctor], *, after: datetime) -> Select[Appointment]:
    """Return the query for the appointments of doctors that hold a time until after an instant."""
    return select(Appointment).where(
        Appointment.doctor_id.in_([doctor.id for doctor in doctors]),
        Appointment.status.in_(HOLDING),
        Appointment.ends_at > after,
    )


def busy(session: Session, doctor_id: UUID, start: datetime, end: datetime) -> list[Busy]:
    """Return the times between two instants that are held by a doctor's appointments."""
    held = select(
        Appointment.starts_at,
        Appointment.ends_at,
        Appointment.date,
        Appointment.slot,
        Appointment.id,
    ).where(_held(doctor_id, start, end))
    return [Busy(*row) for row in session.execute(held)]


def _offered(timetable: Timetable, day: date, label: str) -> Slot:
    offered = (slot for slot in timetable.slots_on(day) if not timetable.is_off(slot))
    slot = next((slot for slot in offered if slot.label == label), None)
    if slot is None:
        raise SlotNotOffered("The doctor does not offer this time slot! Choose another slot.")
    return slot


def _check_limits(slot: Slot, limits: Limits) -> None:
    match next(limits.against(slot), None):
        case "past":
            raise SlotPassed("This time has passed! Choose another slot.")
        case "notice":
            raise SlotTooSoon("This time is too soon to be booked! Choose another slot.")
        case "horizon":
            raise SlotTooFarAhead("This time is too far ahead to be booked! Choose another slot.")


def _check_number(session: Session, doctor: Doctor, patient_id: UUID, most: int | None) -> None:
    """Count the patient's appointments ahead, one booking of theirs at a time."""
    if most is None:
        return
    patients.lock(session, patient_id)
    ahead = select(func.count()).where(
        Appointment.patient_id == patient_id,
        Appointment.doctor_id == doctor.id,
        Appointment.status.in_(HOLDING),
        Appointment.starts_at > clock.now(),
    )
    if session.scalars(ahead).one() >= most:
        raise TooManyAppointments("The patient has as many appointments as this doctor allows!")


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
        Appointment.occupied_from: literal(slot.start, Instant),
        Appointment.occupied_until: literal(slot.end, Instant),
        Appointment.status: literal(Status.BOOKED.value),
        Appointment.created_at: literal(clock.now(), Instant),
        Appointment.updated_at: literal(clock.now(), Instant),
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

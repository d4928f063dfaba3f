"""How an appointment comes to be: a time is won, or it is somebody else's."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, literal, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import expiry, log, offers, times
from calendula.appointments.models import Appointment
from calendula.appointments.offers import Choice
from calendula.appointments.status import HOLDING, Status
from calendula.database import insert_unless_conflict
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, Unavailable
from calendula.intervals import Interval
from calendula.patients import service as patients
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Timetable

_TRIES = 3


class TooManyAppointments(Conflict):
    """The patient has as many appointments ahead as the doctor's policy allows."""

    code = "too-many-appointments"


class Details(NamedTuple):
    """What an appointment has beside its time."""

    patient_id: UUID
    visit_type_id: UUID | None = None
    email: str | None = None
    phone: str | None = None
    note: str | None = None


def book(
    session: Session,
    doctor: Doctor,
    choice: Choice,
    details: Details,
    *,
    actor: str,
    past: bool,
    why: str | None = None,
) -> Appointment:
    """Book what somebody wants of a doctor's time; return the appointment.

    `past` lets the past be booked; `why` is the reason of an override. Raises what `offers.find`
    raises, TooManyAppointments, SlotTaken, SlotHeld, and Unavailable where edits of the timetable
    came in between again and again.
    """
    too_many = False

    def columns(timetable: Timetable, slot: Slot) -> Mapping[str, Any]:
        nonlocal too_many
        if not choice.override:
            too_many = has_enough(session, doctor, details.patient_id, timetable, slot)
        return {**details._asdict(), "status": Status.BOOKED.value, "overridden": choice.override}

    appointment = win(session, doctor, choice, columns, past=past)
    refuse_more(too_many)
    log.record(session, "appointment.booked", appointment, actor=actor, before=None, why=why)
    return appointment


def win(
    session: Session,
    doctor: Doctor,
    choice: Choice,
    columns: Callable[[Timetable, Slot], Mapping[str, Any]],
    *,
    past: bool,
    clashes: int = 0,
) -> Appointment:
    """Insert what somebody wants of a doctor's time, if nobody holds it; return it.

    `columns` gives what the row has beside its time; it may clash so often with what others insert
    at the same moment. Raises as `book`.
    """
    for _ in range(_TRIES + clashes):
        day = choice.day(doctor.zone)
        timetable = timetables.load(session, doctor, day, day)
        slot = offers.find(timetable, choice, clock.now(), past=past)
        occupied = offers.occupied(slot, choice.visit)
        row = {**time_of(slot, occupied), **columns(timetable, slot)}
        appointment = _insert(session, doctor, row, occupied)
        if appointment is not None:
            return appointment
        seen = doctor.timetable_version
        session.refresh(doctor)
        if doctor.timetable_version == seen:
            times.refuse_if_taken(session, doctor.id, slot, occupied)
            expiry.make_way(session, doctor, times.stands_against(doctor.id, slot, occupied))
    raise Unavailable("So much is changing right now. Try again in a moment.")


def time_of(slot: Slot, occupied: Interval) -> dict[str, Any]:
    """Return the columns that say when an appointment is."""
    return {
        "date": slot.date,
        "slot": slot.label,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "occupied_from": occupied.start,
        "occupied_until": occupied.end,
    }


def refuse_more(too_many: bool) -> None:
    """Raise TooManyAppointments where it is true.

    Call it when the slot is won: else whoever asks for a slot that is taken learns, and leaves no
    trace, whether somebody is this doctor's patient.
    """
    if too_many:
        raise TooManyAppointments("The patient has as many appointments as this doctor allows!")


def has_enough(
    session: Session, doctor: Doctor, patient_id: UUID, timetable: Timetable, slot: Slot
) -> bool:
    """Count the patient's appointments ahead, one booking of theirs at a time.

    Tell whether the doctor's policy allows no more.
    """
    most, now = timetable.policy.max_future_appointments, clock.now()
    if most is None or slot.start <= now:
        return False
    patients.lock(session, patient_id)
    ahead = select(func.count()).where(
        Appointment.patient_id == patient_id,
        Appointment.doctor_id == doctor.id,
        Appointment.status.in_(HOLDING),
        Appointment.starts_at > now,
    )
    return session.scalars(ahead).one() >= most


def _insert(
    session: Session, doctor: Doctor, row: Mapping[str, Any], occupied: Interval
) -> Appointment | None:
    """Insert the row if its time is free and the timetable is still the one that was read.

    The row of the doctor is locked against edits (FOR SHARE) until the booking commits, so that an
    edit sees the booking or the booking sees the edit. That nothing overlaps is checked here for
    the answer's sake; what enforces it are the constraints.
    """
    now = clock.now()
    said = {name: value for name, value in row.items() if value is not None}
    values = {"id": new_id(), "created_at": now, "updated_at": now, **said}
    free = ~exists().where(times.reaches_into(doctor.id, occupied))
    query = (
        select(Doctor.id, *(_literal(name, value) for name, value in values.items()))
        .where(Doctor.id == doctor.id, Doctor.timetable_version == doctor.timetable_version, free)
        .with_for_update(read=True, of=Doctor)
    )
    insert = insert_unless_conflict(session, Appointment)
    statement = insert.from_select(["doctor_id", *values], query).returning(Appointment)
    return session.scalar(statement)


def _literal(name: str, value: object) -> Any:
    return literal(value, Appointment.__table__.c[name].type)

"""What becomes of an appointment: each change with its event, one at a time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import expiry, lifecycle, log, offers, service, times
from calendula.appointments.lifecycle import Action
from calendula.appointments.models import Appointment
from calendula.appointments.offers import Choice
from calendula.appointments.service import Details
from calendula.appointments.status import HOLDING, Status
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, Invalid, NotFound, Unavailable
from calendula.patients import service as patients
from calendula.patients.models import Patient
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Timetable

_EVENTS = {
    Action.ARRIVE: "appointment.arrived",
    Action.CHECK_IN: "appointment.checked-in",
    Action.FULFIL: "appointment.fulfilled",
    Action.NO_SHOW: "appointment.noshow",
    Action.CANCEL: "appointment.cancelled",
    Action.UNDO: "appointment.undone",
    Action.ENTER_IN_ERROR: "appointment.entered-in-error",
}


class UnknownAppointment(NotFound):
    """There is no such appointment, or it is none of the caller's business."""

    code = "unknown-appointment"


class HoldEnded(Conflict):
    """The hold has expired, or was released or booked."""

    code = "hold-ended"


def get(session: Session, appointment_id: UUID, *, lock: bool = False) -> Appointment:
    """Return an appointment that is one: a hold is none yet. Raises UnknownAppointment.

    With `lock`, it is as it is now, and stays so for others until the transaction ends.
    """
    query = select(Appointment).where(
        Appointment.id == appointment_id, Appointment.patient_id.is_not(None)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise UnknownAppointment("There is no such appointment.")
    return found


def hold_patient(session: Session, appointment_id: UUID) -> Patient:
    """Keep an appointment's patient from being erased or merged until the transaction ends.

    Call it before anything else is locked. Raises UnknownAppointment, and Unavailable where the
    appointment went to another patient in between.
    """
    patient_id = get(session, appointment_id).patient_id
    query = select(Patient).where(Patient.id == patient_id)
    patient = session.scalars(
        query.with_for_update(read=True, key_share=True),
        execution_options={"populate_existing": True},
    ).one()
    now_of = select(Appointment.patient_id).where(Appointment.id == appointment_id)
    if session.scalar(now_of) != patient.id:
        raise Unavailable("The patient is being changed. Try again in a moment.")
    return patient


def act(session: Session, appointment: Appointment, action: Action, *, actor: str) -> None:
    """Let an appointment, whose row is locked, go to another state; raise TransitionNotAllowed.

    One that holds its time no more needs nobody's care, whatever the timetable has lost.
    """
    target = lifecycle.check(appointment, action, clock.now())
    before = log.state(appointment)
    appointment.status = target.value
    if target not in HOLDING:
        appointment.orphaned = False
        appointment.sequence += 1
    _changed(session, appointment)
    log.record(session, _EVENTS[action], appointment, actor=actor, before=before)


def cancel(session: Session, appointment: Appointment, *, actor: str, reason: str | None) -> None:
    """Cancel an appointment, whose row is locked. Twice is the same as once.

    `reason` is kept with the appointment, and not in the log: it may speak of the patient.
    """
    if appointment.status == Status.CANCELLED:
        return
    appointment.reason = reason
    act(session, appointment, Action.CANCEL, actor=actor)


def confirm(
    session: Session,
    hold_id: UUID,
    doctor: Doctor,
    choice: Choice,
    details: Details,
    *,
    actor: str,
    past: bool,
) -> Appointment:
    """Book the time of a hold; return the appointment, which is the hold no more.

    The limits of the policy count as they did when it was held. Raises HoldEnded, Invalid where
    the hold is of another time, and what `service.book` raises.
    """
    patients.lock(session, details.patient_id)  # before the doctor, as everywhere
    doctors.lock_all(session, [doctor])
    query = select(Appointment).where(Appointment.id == hold_id).with_for_update()
    hold = session.scalars(query, execution_options={"populate_existing": True}).one()
    if Action.CONFIRM not in lifecycle.allowed(hold, clock.now()):
        raise HoldEnded("The time is held no more. Choose it again, if it is still free.")
    timetable, slot = _find(session, doctor, choice, now=hold.created_at, past=past)
    if (hold.doctor_id, hold.starts_at) != (doctor.id, slot.start):
        raise Invalid("hold is of another doctor or time.")
    too_many = service.has_enough(session, doctor, details.patient_id, timetable, slot)
    before = log.state(hold)
    booked = {**details._asdict(), **expiry.ENDED, "status": Status.BOOKED.value}
    _take(session, hold, doctor, choice, slot, **booked)
    service.refuse_more(too_many)
    log.record(session, "appointment.booked", hold, actor=actor, before=before)
    return hold


def move(
    session: Session,
    appointment: Appointment,
    doctor: Doctor,
    choice: Choice,
    *,
    actor: str,
    past: bool,
    why: str | None = None,
) -> None:
    """Give an appointment another time, and maybe another doctor, or leave all as it was.

    The doctors are locked before: `lock_for_move`. To where it is already, nothing is changed.
    `why` is the reason of an override. Raises TransitionNotAllowed and what `service.book` raises.
    """
    lifecycle.check(appointment, Action.MOVE, clock.now())
    _, slot = _find(session, doctor, choice, now=clock.now(), past=past)
    if (appointment.doctor_id, appointment.starts_at, appointment.ends_at) == (
        doctor.id,
        slot.start,
        slot.end,
    ):
        return
    before = log.state(appointment)
    _take(
        session,
        appointment,
        doctor,
        choice,
        slot,
        doctor_id=doctor.id,
        orphaned=False,
        overridden=choice.override,
        sequence=appointment.sequence + 1,
    )
    log.record(session, "appointment.moved", appointment, actor=actor, before=before, why=why)


def lock_for_move(
    session: Session, appointment_id: UUID, doctor_id: UUID | None
) -> tuple[Appointment, Doctor]:
    """Lock an appointment, its doctor, and whom it is to go to; return it and the latter.

    The doctors come first, in the order of their ids, as everywhere. Raises UnknownAppointment,
    UnknownDoctor, and Unavailable where it went to yet another doctor in between.
    """
    old = get(session, appointment_id).doctor_id
    wanted = doctors.by_id(session, doctor_id or old, inactive=doctor_id is None)
    both = {old: doctors.by_id(session, old, inactive=True), wanted.id: wanted}
    doctors.lock_all(session, both.values())
    appointment = get(session, appointment_id, lock=True)
    if appointment.doctor_id != old:
        raise Unavailable("The appointment is being moved. Try again in a moment.")
    return appointment, wanted


def _find(
    session: Session, doctor: Doctor, choice: Choice, *, now: datetime, past: bool
) -> tuple[Timetable, Slot]:
    day = choice.day(doctor.zone)
    timetable = timetables.load(session, doctor, day, day)
    return timetable, offers.find(timetable, choice, now, past=past)


def _take(
    session: Session,
    appointment: Appointment,
    doctor: Doctor,
    choice: Choice,
    slot: Slot,
    **columns: Any,
) -> None:
    """Let an appointment have a time of a doctor who is locked, if nobody else has it.

    One UPDATE wins the new time and lets the old one go; what decides are the constraints.
    """
    occupied = offers.occupied(slot, choice.visit)
    others = Appointment.id != appointment.id
    expiry.end(session, and_(others, times.stands_against(doctor.id, slot, occupied)))
    times.refuse_if_taken(session, doctor.id, slot, occupied, but=appointment.id)
    try:
        with session.begin_nested():
            for name, value in {**service.time_of(slot, occupied), **columns}.items():
                setattr(appointment, name, value)
            _changed(session, appointment)
    except IntegrityError as error:
        raise times.SlotTaken(times.TAKEN) from error


def _changed(session: Session, appointment: Appointment) -> None:
    appointment.version += 1
    appointment.updated_at = clock.now()
    session.flush()

"""What a caller may do to an appointment: the staff always, the patient until a cutoff."""

from uuid import UUID

from fastapi import Response
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access.roles import Caller
from calendula.appointments import calendar_file, changes, cutoffs, own_access
from calendula.appointments.calendar_file import Entry
from calendula.appointments.lifecycle import Action
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByStart
from calendula.appointments.schemas import OwnAppointment, StaffAppointment
from calendula.appointments.status import HOLDING
from calendula.booking import choices
from calendula.booking.changes.schemas import Move
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Forbidden
from calendula.http.caps import Client
from calendula.http.etags import Precondition
from calendula.patients import records
from calendula.patients.models import Patient
from calendula.settings import Settings
from calendula.timetables import service as timetables
from calendula.timetables.contact import whom_to_call

Shown = StaffAppointment | OwnAppointment


def show(session: Session, appointment: Appointment, caller: Caller) -> Shown:
    """Return what a caller may see of an appointment."""
    if caller.is_staff:
        patient = session.get_one(Patient, appointment.patient_id)
        return StaffAppointment.whole(appointment, patient)
    doctor = session.get_one(Doctor, appointment.doctor_id)
    return OwnAppointment.of(appointment, doctor, timetables.policy_of(session, doctor))


def move(  # noqa: PLR0917 - who moves what where
    session: Session,
    settings: Settings,
    appointment_id: UUID,
    wanted: Move,
    caller: Caller,
    precondition: Precondition,
    *,
    client: Client | None,
) -> Appointment:
    """Move an appointment for a caller; return it.

    On another date it is counted of the client. Raises Forbidden for what only the staff may,
    Stale, TooLate, TooManySlots, and what `changes.move` raises.
    """
    if wanted.doctor_id is not None and not caller.is_staff:
        raise Forbidden("Only the staff may move an appointment to another doctor.")
    patient = changes.hold_patient(session, appointment_id)
    records.refuse_erased(patient)
    appointment, doctor = changes.lock_for_move(session, appointment_id, wanted.doctor_id)
    _check(appointment, caller, precondition)
    if wanted.override:
        choices.may_override(caller, doctor.id)
        records.refuse_naming(session, patient.id, wanted.reason or "")
    _check_cutoff(session, appointment, caller, Action.MOVE)
    needs = choices.visit(session, appointment.visit_type_id, doctor.id, staff=True)
    choice = ByStart(wanted.start, needs, wanted.override, wanted.duration_minutes)
    past, day = settings.open_clinic, appointment.date
    changes.move(
        session, appointment, doctor, choice, actor=caller.actor, past=past, why=wanted.reason
    )
    own_access.prolong(session, appointment, days=settings.token_days)
    if client and appointment.date != day:
        client.take_of_day(doctor.name_key, appointment.date)
    return appointment


def cancel(
    session: Session,
    appointment_id: UUID,
    reason: str | None,
    caller: Caller,
    precondition: Precondition,
) -> Appointment:
    """Cancel an appointment for a caller; return it. Raises Stale, TooLate, TransitionNotAllowed.

    Whoever has arrived is with the staff: the patient's token cancels what is booked, no more.
    """
    patient = changes.hold_patient(session, appointment_id)
    appointment = changes.get(session, appointment_id, lock=True)
    _check(appointment, caller, precondition)
    _check_cutoff(session, appointment, caller, Action.CANCEL)
    kept = reason if patient.erased_at is None else None  # of who was erased, nothing is
    changes.cancel(session, appointment, actor=caller.actor, reason=kept)
    return appointment


def act(
    session: Session,
    appointment_id: UUID,
    action: Action,
    caller: Caller,
    precondition: Precondition,
) -> Appointment:
    """Do something else to an appointment; return it. Raises Stale and TransitionNotAllowed."""
    appointment = changes.get(session, appointment_id, lock=True)
    _check(appointment, caller, precondition)
    changes.act(session, appointment, action, actor=caller.actor)
    return appointment


def give_calendar_file(session: Session, appointment: Appointment) -> Response:
    """Return the answer that has an appointment as a file for calendars, to be downloaded."""
    doctor = session.get_one(Doctor, appointment.doctor_id)
    clinic = timetables.clinic(session)
    cancelled = appointment.status not in HOLDING
    content = calendar_file.write(
        Entry(
            id=appointment.id,
            sequence=appointment.sequence,
            cancelled=cancelled,
            start=appointment.starts_at,
            end=appointment.ends_at,
            zone=doctor.zone,
            created_at=appointment.created_at,
            updated_at=appointment.updated_at,
            doctor=doctor.name,
            clinic=clinic.name,
            phone=clinic.phone,
            email=clinic.email,
            patient_email=appointment.email,
        )
    )
    method = "CANCEL" if cancelled else "REQUEST"
    return Response(
        content,
        media_type=f"text/calendar; charset=utf-8; method={method}",
        headers={
            "Content-Disposition": 'attachment; filename="appointment.ics"',
            "Cache-Control": "no-store",
        },
    )


def _check(appointment: Appointment, caller: Caller, precondition: Precondition) -> None:
    """See that the appointment is still the caller's business, and as they have seen it."""
    own_access.refuse_others(caller, appointment.id, appointment.doctor_id)
    precondition.check(appointment.version)


def _check_cutoff(
    session: Session, appointment: Appointment, caller: Caller, action: Action
) -> None:
    if caller.is_staff:
        return
    clinic = timetables.clinic(session)
    doctor = doctors.by_id(session, appointment.doctor_id, inactive=True)
    policy = timetables.policy_of(session, doctor)
    sentence = whom_to_call(clinic.name, clinic.phone)
    cutoffs.check(appointment, policy, action, clock.now(), sentence)

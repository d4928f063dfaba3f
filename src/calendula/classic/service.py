"""The contract's two operations, on top of appointments and availability."""

from datetime import date

from sqlalchemy.orm import Session

from calendula.access.roles import Caller
from calendula.appointments import own_access
from calendula.appointments import service as appointments
from calendula.appointments.models import AnyAppointment
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.availability import service as availability
from calendula.availability.day import Day
from calendula.classic.schemas import BOOKED, BookingRequest
from calendula.database import JsonObject
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.doctors.service import NameTaken
from calendula.http.caps import Client
from calendula.idempotency import service as idempotency
from calendula.idempotency.service import Done, Outcome
from calendula.patients import service as patients
from calendula.settings import Settings
from calendula.timetables import service as timetables


def book(
    session: Session,
    settings: Settings,
    request: BookingRequest,
    key: str | None,
    caller: Caller,
    *,
    client: Client | None,
) -> Outcome:
    """Book the slot, or find that its key has booked before; return the answer's members.

    The secret of the outcome makes the appointment's token. What is booked is counted of the
    client. Raises KeyReused, UnknownDoctor, NameConfusable, TooManySlots, and what
    `appointments.book` raises.
    """
    return idempotency.once(
        session,
        idempotency.operation_of(caller.key_id, "book_appointment"),
        key,
        request.model_dump_json(),
        lambda secret: _book(session, settings, request, caller.actor, client, secret),
    )


def look_up(session: Session, settings: Settings, doctor_name: str, day: date) -> Day:
    """Return the free slots of a doctor's date that a `time_slot` can say.

    Raises UnknownDoctor in a closed clinic.
    """
    past = settings.open_clinic
    if settings.open_clinic:
        doctor = doctors.find(session, doctor_name)
        if doctor is None:
            return availability.default_day(session, day, settings.time_zone, past=past)
    else:
        doctor = doctors.get(session, doctor_name)
    (found,) = availability.days(session, doctor, day, day, past=past)
    return sayable(found)


def sayable(day: Day) -> Day:
    """Return a day without what ends after midnight: no `time_slot` can say it."""
    free = [slot for slot in day.free if not slot.overnight]
    return Day(day.date, free, None if free else day.reason or "closed")


def _book(  # noqa: PLR0917 - who wants what
    session: Session,
    settings: Settings,
    request: BookingRequest,
    actor: str,
    client: Client | None,
    secret: bytes,
) -> Done:
    doctor = _doctor(session, settings, request.doctor_name, actor)
    patient_id = patients.identify(session, request.patient_id, request.patient_name)
    appointment = appointments.book(
        session,
        doctor,
        ByLabel(request.date, request.time_slot),
        Details(patient_id),
        actor=actor,
        past=settings.open_clinic,
    )
    own_access.give(session, appointment, secret, days=settings.token_days)
    if client:
        client.take(doctor.name_key, appointment.date)
    return Done(booked(appointment, doctor), appointment.id)


def booked(appointment: AnyAppointment, doctor: Doctor) -> JsonObject:
    """Return what whoever booked is answered, but for the token."""
    zone = doctor.zone
    return {
        "msg": BOOKED,
        "appointment_id": str(appointment.id),
        "doctor_name": doctor.name,
        "date": appointment.date.isoformat(),
        "time_slot": appointment.slot,
        "starts_at": appointment.starts_at.astimezone(zone).isoformat(),
        "ends_at": appointment.ends_at.astimezone(zone).isoformat(),
    }


def _doctor(session: Session, settings: Settings, name: str, actor: str) -> Doctor:
    """Return the doctor of this name, whom an open clinic takes on where there is none."""
    if not settings.open_clinic:
        return doctors.get(session, name)
    try:
        return doctors.find(session, name) or timetables.add_doctor(
            session, name, time_zone=settings.time_zone, actor=actor
        )
    except NameTaken:  # by somebody who was here a moment before
        return doctors.get(session, name)

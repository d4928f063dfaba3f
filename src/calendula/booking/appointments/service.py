"""A booking, put together: who, with whom, when, and the token that it gives."""

from sqlalchemy.orm import Session

from calendula.access import tokens
from calendula.access.roles import ADMIN, RECEPTION, Caller
from calendula.appointments import changes, own_access
from calendula.appointments import service as appointments
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByStart
from calendula.appointments.schemas import OwnAppointment
from calendula.appointments.service import Details
from calendula.booking import choices
from calendula.booking.appointments.schemas import NewAppointment
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Forbidden, Invalid
from calendula.http.caps import Client
from calendula.idempotency import service as idempotency
from calendula.idempotency.service import Done, Outcome
from calendula.patients import records
from calendula.patients import service as patients
from calendula.settings import Settings
from calendula.timetables import service as timetables


def book(
    session: Session,
    settings: Settings,
    new: NewAppointment,
    caller: Caller,
    key: str | None,
    *,
    client: Client | None,
) -> Outcome:
    """Book what is wanted, or find that its key has booked before; return the answer's members.

    The secret of the outcome makes the appointment's token. What is booked is counted of the
    client, unless the hold was. Raises KeyReused, UnknownDoctor, UnknownVisitType, UnknownPatient,
    PatientMerged, PatientErased, Forbidden, Invalid, TooManySlots, and what `appointments.book` and
    `changes.confirm` raise.
    """
    if new.override:
        choices.may_override(caller, new.doctor_id)
    if new.patient_id is not None and caller.role not in {ADMIN, RECEPTION}:
        raise Forbidden("Only the desk may book by patient_id.")
    return idempotency.once(
        session,
        idempotency.operation_of(caller.key_id, "create_appointment"),
        key,
        new.model_dump_json(),
        lambda secret: _book(session, settings, new, caller, client, secret),
    )


def _book(  # noqa: PLR0917 - who wants what
    session: Session,
    settings: Settings,
    new: NewAppointment,
    caller: Caller,
    client: Client | None,
    secret: bytes,
) -> Done:
    details = _details(session, new)
    doctor = doctors.by_id(session, new.doctor_id)
    needs = choices.visit(session, new.visit_type_id, doctor.id, staff=caller.is_staff)
    choice = ByStart(new.start, needs, override=new.override, minutes=new.duration_minutes)
    appointment = _win(session, new, doctor, choice, details, caller, past=settings.open_clinic)
    own_access.give(session, appointment, secret, days=settings.token_days)
    if client:
        client.take_contact(details.email, details.phone)
        if new.hold is None:
            client.take(doctor.name_key, appointment.date)
    policy = timetables.policy_of(session, doctor)
    answer = OwnAppointment.of(appointment, doctor, policy).model_dump(mode="json")
    return Done(answer, appointment.id)


def _win(  # noqa: PLR0917 - who wants what
    session: Session,
    new: NewAppointment,
    doctor: Doctor,
    choice: ByStart,
    details: Details,
    caller: Caller,
    *,
    past: bool,
) -> Appointment:
    actor = caller.actor
    if new.hold is None:
        return appointments.book(
            session, doctor, choice, details, actor=actor, past=past, why=new.reason
        )
    hold_id = tokens.find(session, new.hold, expired=True)
    if hold_id is None:
        raise Invalid("hold is not the token of a hold.")
    appointment = changes.confirm(session, hold_id, doctor, choice, details, actor=actor, past=past)
    # Its own token opens it no more, and tells whoever tries again that it has ended.
    tokens.change_end(session, hold_id, expires_at=appointment.created_at)
    return appointment


def _details(session: Session, new: NewAppointment) -> Details:
    if new.patient is None:
        assert new.patient_id is not None  # noqa: S101 - the schema says so
        (patient,) = records.take(session, new.patient_id)
        records.refuse_erased(patient)
        patient_id, email, phone = patient.id, None, None
    else:
        who, email, phone = new.patient, new.patient.email, new.patient.phone
        patient_id = patients.identify(session, who.identifier, who.name, email=email, phone=phone)
    if new.reason:
        records.refuse_naming(session, patient_id, new.reason)
    return Details(patient_id, new.visit_type_id, email, phone, new.note)

"""A hold, put together: of whose time, whose it is, and the token that it gives."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access import tokens
from calendula.access.roles import Caller
from calendula.appointments import holds
from calendula.appointments.holds import UnknownHold
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByStart
from calendula.appointments.status import Status
from calendula.booking import choices
from calendula.booking.holds.schemas import NewHold, shown
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Forbidden
from calendula.http.caps import Client
from calendula.idempotency import service as idempotency
from calendula.idempotency.service import Done, Outcome
from calendula.settings import Settings

_AFTER_ITS_END = timedelta(days=1)  # so that who comes late is told that the hold has ended


def place(
    session: Session,
    settings: Settings,
    new: NewHold,
    caller: Caller,
    key: str | None,
    *,
    client: Client | None,
) -> Outcome:
    """Keep what is wanted, or find that its key has kept it before; return the answer's members.

    `client` is whose the hold is where the caller shows no key, and of whom it is counted. The
    secret of the outcome makes the hold's token. Raises KeyReused, UnknownDoctor, UnknownVisitType,
    Forbidden, TooManySlots, and what `holds.place` raises.
    """
    if (new.minutes or 0) > settings.hold_minutes and not caller.is_staff:
        raise Forbidden("Only the staff may hold a slot for so long.")
    return idempotency.once(
        session,
        idempotency.operation_of(caller.key_id, "create_hold"),
        key,
        new.model_dump_json(),
        lambda secret: _place(session, settings, new, caller, client, secret),
    )


def _place(  # noqa: PLR0917 - who wants what
    session: Session,
    settings: Settings,
    new: NewHold,
    caller: Caller,
    client: Client | None,
    secret: bytes,
) -> Done:
    doctor = doctors.by_id(session, new.doctor_id)
    needs = choices.visit(session, new.visit_type_id, doctor.id, staff=caller.is_staff)
    hold = holds.place(
        session,
        doctor,
        ByStart(new.start, needs),
        holder=client.network if client else f"key:{caller.key_id}",
        most=settings.holds_per_client if client else settings.holds_per_key,
        lasts=timedelta(minutes=new.minutes or settings.hold_minutes),
        actor=caller.actor,
        past=settings.open_clinic,
    )
    if client:
        client.take(doctor.name_key, hold.date)
    expires_at = hold.expires_at or clock.now()
    tokens.issue(session, hold.id, secret, expires_at=expires_at + _AFTER_ITS_END)
    return Done(shown(hold, doctor), hold.id)


def live(session: Session, token: str) -> Appointment | None:
    """Return the hold that a token opens, if it still keeps its time."""
    hold_id = tokens.find(session, token)
    return session.scalar(
        select(Appointment).where(
            Appointment.id == hold_id,
            Appointment.status == Status.PENDING,
            Appointment.expires_at > clock.now(),
        )
    )


def let_go(session: Session, token: str, *, client: Client | None) -> None:
    """End the hold that a token opens, if there is one."""
    hold_id = tokens.find(session, token, expired=True)
    if hold_id is not None:
        with suppress(UnknownHold):
            release(session, hold_id, Caller(appointment_id=hold_id), client=client)


def release(session: Session, hold_id: UUID, caller: Caller, *, client: Client | None) -> None:
    """End a hold; the client may take another slot of that day instead. Raises UnknownHold."""
    hold = holds.release(session, hold_id, actor=caller.actor)
    if hold and client:
        client.let_go(session.get_one(Doctor, hold.doctor_id).name_key, hold.date)

"""A doctor's date is closed: in one transaction, nobody can book it and nobody is forgotten."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import changes, expiry, holds, own_access, times
from calendula.appointments.lifecycle import Action
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByStart, SlotRefused
from calendula.appointments.orphans import Effects
from calendula.appointments.status import Status
from calendula.clinic import edits
from calendula.clinic.closing import candidates, shutting
from calendula.clinic.closing.proposals import Proposal, Proposals
from calendula.clinic.closing.schemas import Closing, OutcomeInfo, Result, What
from calendula.clinic.closing.shutting import Shut
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Invalid
from calendula.events import service as events
from calendula.http.etags import Precondition
from calendula.timetables import service as timetables

_AHEAD = Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an appointment, and where it went or could go."""

    appointment: Appointment
    result: Result
    proposal: Proposal | None = None


@dataclass(frozen=True, slots=True)
class Closer:
    """Who closes a date, and what they want."""

    wanted: Closing
    actor: str
    token_days: int


def close(
    session: Session, doctor_id: UUID, closer: Closer, precondition: Precondition
) -> tuple[Doctor, list[OutcomeInfo], Effects]:
    """Close a doctor's date, and deal with each of its appointments that is not over; return how.

    Raises UnknownDoctor, Stale, and Invalid where the date has passed or the doctor has not the
    specialty that is asked for.
    """
    wanted = closer.wanted
    those = _lock(session, doctor_id, closer)
    doctor = edits.begin(session, doctor_id, precondition)
    shut = shutting.shut(session, doctor, wanted.date)
    _let_holds_go(session, doctor, closer)
    outcomes = _deal_with_all(session, doctor, those, closer)
    effects = edits.end(
        session, doctor, "override", actor=closer.actor, before=shut.before, after=shut.after
    )
    _record(session, doctor, closer, shut, outcomes)
    shown = [OutcomeInfo.of(it.appointment, it.result, it.proposal) for it in outcomes]
    return doctor, shown, effects


def _lock(session: Session, doctor_id: UUID, closer: Closer) -> list[Doctor]:
    """Keep bookings, moves and edits away from all who may see the patients; return those doctors.

    The clinic comes first, as for its own edits, which lock every doctor too.
    """
    timetables.hold_clinic(session)
    doctor = doctors.by_id(session, doctor_id, inactive=True)
    if closer.wanted.date < clock.now().astimezone(doctor.zone).date():
        raise Invalid("date must not have passed.")
    those = candidates.choose(session, doctor, closer.wanted.to)
    doctors.lock_all(session, those)
    return those


def _let_holds_go(session: Session, doctor: Doctor, closer: Closer) -> None:
    """End the holds of the date.

    One that somebody else is ending at this moment is left to them: they may want the doctor next,
    and both would wait for the other.
    """
    pending = Appointment.status == Status.PENDING
    query = select(Appointment).where(times.starts_on(doctor, closer.wanted.date), pending)
    found = session.scalars(query.order_by(Appointment.id).with_for_update(skip_locked=True)).all()
    expiry.end(session, Appointment.id.in_([hold.id for hold in found]))
    for hold in found:
        if hold.status == Status.PENDING:
            holds.let_go(session, hold, actor=closer.actor)


def _deal_with_all(
    session: Session, doctor: Doctor, those: Sequence[Doctor], closer: Closer
) -> list[Outcome]:
    appointments = _appointments(session, doctor, closer.wanted.date)
    look = candidates.look(session, those, (it.visit_type_id for it in appointments))
    starts = [it.starts_at for it in appointments]
    proposals = Proposals(look, max(clock.now(), min(starts, default=clock.now())))
    return [_deal(session, it, proposals, closer) for it in appointments]


def _deal(
    session: Session, appointment: Appointment, proposals: Proposals, closer: Closer
) -> Outcome:
    what, start = appointment.visit_type_id, appointment.starts_at
    if closer.wanted.action is What.CANCEL:
        reason = closer.wanted.reason
        changes.cancel(session, appointment, actor=closer.actor, reason=reason)
        return Outcome(appointment, Result.CANCELLED, proposals.take(what, start))
    if appointment.status == Status.CHECKED_IN:
        return Outcome(appointment, Result.KEPT)
    for proposal in iter(lambda: proposals.take(what, start), None):
        if _move(session, appointment, proposal, closer):
            return Outcome(appointment, Result.MOVED, proposal)
    return Outcome(appointment, Result.UNPLACED)


def _move(session: Session, appointment: Appointment, proposal: Proposal, closer: Closer) -> bool:
    """Move an appointment to where it is to go; tell whether it went.

    All is locked, but time goes by: the slot may begin too soon by now. Then who has arrived still
    has.
    """
    doctor, choice = proposal.doctor, ByStart(proposal.slot.start, proposal.visit)
    try:
        with session.begin_nested():
            if appointment.status == Status.ARRIVED:
                changes.act(session, appointment, Action.UNDO, actor=closer.actor)
            changes.move(session, appointment, doctor, choice, actor=closer.actor, past=False)
    except SlotRefused:
        return False
    own_access.prolong(session, appointment, days=closer.token_days)
    return True


def _appointments(session: Session, doctor: Doctor, day: date) -> list[Appointment]:
    """Return what is still to come of a date in time order, locked in the order of the ids."""
    ahead = Appointment.status.in_(_AHEAD), Appointment.ends_at > clock.now()
    query = select(Appointment).where(times.starts_on(doctor, day), *ahead)
    found = session.scalars(
        query.order_by(Appointment.id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    return sorted(found, key=lambda it: it.starts_at)


def _record(
    session: Session, doctor: Doctor, closer: Closer, shut: Shut, outcomes: Sequence[Outcome]
) -> None:
    counts = Counter(it.result for it in outcomes)
    events.record(
        session,
        "day.closed",
        actor=closer.actor,
        doctor_id=doctor.id,
        data={
            "date": closer.wanted.date.isoformat(),
            "action": closer.wanted.action.value,
            "time_off": shut.time_off and shut.time_off.model_dump(mode="json"),
            **{result.value: counts[result] for result in Result},
        },
    )

"""Bookings that come together are booked together: a statement of each kind for all of them.

It is for the plain ones. A wish that is out of the ordinary in any way has no outcome here, and is
done alone, by all the rules; so is each of them where the database refuses something of one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import FromClause, Insert, Integer, Table, and_, exists, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from calendula import clock
from calendula.appointments import log, offers, own_access, times
from calendula.appointments.models import Appointment, Placed
from calendula.appointments.offers import Choice
from calendula.appointments.service import time_of
from calendula.appointments.status import Status
from calendula.database import Instant, JsonObject, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.database.rows import Rows
from calendula.doctors.models import Doctor
from calendula.errors import CalendulaError
from calendula.events import service as events
from calendula.idempotency import service as idempotency
from calendula.idempotency.service import Claim, Done, Outcome
from calendula.intervals import Part, overlap
from calendula.patients import service as patients
from calendula.patients.service import Person
from calendula.timetables.memory import Known, Memory
from calendula.timetables.slots import Slot

_STORED = (
    *("id", "doctor_id", "patient_id", "date", "slot", "starts_at", "ends_at"),
    *("occupied_from", "occupied_until", "status", "created_at", "updated_at"),
)
_BOOKED = Status.BOOKED.value
_columns = cast("Table", Appointment.__table__).c
_GIVEN = Rows(**{name: _columns[name].type for name in _STORED}, version=Integer(), reach=Instant())


class Wish(NamedTuple):
    """A slot of a doctor, as their hours have it, for a patient with an identifier."""

    doctor: str
    """The key of the name."""
    date: date
    choice: Choice
    person: Person
    actor: str
    claim: Claim | None
    """Of the Idempotency-Key that it came with."""
    answer: Callable[[Placed, Doctor], JsonObject]
    """What is answered where it is booked."""


class _Draft(NamedTuple):
    """A wish for a slot that is offered, and the appointment that it may become."""

    number: int
    wish: Wish
    known: Known
    appointment: Placed
    secret: bytes


class Result(NamedTuple):
    """What became of wishes, by their numbers; those in neither are to be done alone."""

    booked: dict[int, Outcome]
    lost: list[int]
    """Those who wanted what is offered, and did not get it: most probably others were first."""


def book_all(
    session: Session, memory: Memory, wishes: Sequence[Wish], *, past: bool, token_days: int
) -> Result:
    """Book what can be booked of these wishes, and tell which.

    `past` lets the past be booked; a token opens its appointment until so many days after it.
    """
    known = memory.learn(session, {wish.doctor for wish in wishes})
    wanted = list(_drafts(known, wishes, past=past))
    offered = _claimed(session, wanted)
    drafts = _apart(offered)
    won = _insert(session, drafts) if drafts else set()
    booked = [it for it in drafts if it.appointment.id in won]
    for it in booked:
        log.record(session, "appointment.booked", it.appointment, actor=it.wish.actor, before=None)
    own_access.give_all(session, [(it.appointment, it.secret) for it in booked], days=token_days)
    answers = {it.number: it.wish.answer(it.appointment, it.known.doctor) for it in booked}
    released = _settle_claims(session, offered, answers)
    outcomes = {
        it.number: Outcome(answers[it.number], replayed=False, secret=it.secret) for it in booked
    }
    events.write(session)  # before the commit: until then, what fails has changed nothing
    lost = [
        it.number
        for it in wanted
        if it.number not in answers
        and (it.wish.claim is None or it.wish.claim.digest in released)  # others of a key as well
    ]
    return Result(outcomes, lost)


def _drafts(
    known: Mapping[UUID | str, Known], wishes: Sequence[Wish], *, past: bool
) -> Iterator[_Draft]:
    """Give the wishes that nothing stands against but, perhaps, other appointments."""
    now = clock.now()
    for number, wish in enumerate(wishes):
        it = known.get(wish.doctor)
        if it is None or not _is_plain(it):
            continue
        try:
            slot = offers.find(it.timetable, wish.choice, now, past=past)
        except CalendulaError:  # told by who does it alone
            continue
        secret = wish.claim.secret if wish.claim else idempotency.new_secret()
        yield _Draft(number, wish, it, _appointment(it.doctor_id, slot, now), secret)


def _is_plain(known: Known) -> bool:
    return known.timetable.policy.max_future_appointments is None


def _claimed(session: Session, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Return those that came without a key, or whose key is nobody's; the first of each key."""
    by_key = {it.wish.claim.digest: it for it in reversed(drafts) if it.wish.claim}
    claims = [it.wish.claim for it in by_key.values() if it.wish.claim]
    claimed = idempotency.claim_all(session, claims)
    return [
        it
        for it in drafts
        if it.wish.claim is None
        or (it.wish.claim.digest in claimed and by_key[it.wish.claim.digest] is it)
    ]


def _apart(drafts: Sequence[_Draft]) -> list[_Draft]:
    """Return those that want no time that one before them wants."""
    wanted: dict[UUID, list[Part]] = {}
    apart = []
    for it in drafts:
        others = wanted.setdefault(it.appointment.doctor_id, [])
        time = Part(it.appointment.occupied_from, it.appointment.occupied_until)
        if not any(overlap(time, other) for other in others):
            others.append(time)
            apart.append(it)
    return apart


def _settle_claims(
    session: Session, claimed: Sequence[_Draft], answers: Mapping[int, JsonObject]
) -> AbstractSet[bytes]:
    """Keep the answers of the keys that booked; return the others, which are nobody's again."""
    keys = {it.wish.claim.digest: it for it in claimed if it.wish.claim}
    done = {
        digest: Done(answers[it.number], it.appointment.id)
        for digest, it in keys.items()
        if it.number in answers
    }
    idempotency.keep_all(session, done)
    released = keys.keys() - done.keys()
    idempotency.release_all(session, released)
    return released


def _appointment(doctor_id: UUID, slot: Slot, now: datetime) -> Placed:
    time = time_of(slot, slot)
    return Placed(new_id(), doctor_id, status=_BOOKED, created_at=now, updated_at=now, **time)


def _insert(session: Session, drafts: Sequence[_Draft]) -> set[UUID]:
    """Insert those whose time is free and whose timetable is still what was known of it.

    Return their ids. Who is new as a patient is one only if they have won.

    It says of many what `service.win` says of one, but that it leaves out those whose timetable is
    being edited: the others need not wait for that. Patients, doctors and times are locked in one
    order, so that two of these wait for each other and do not deadlock.
    """
    people = patients.identify_all(session, [it.wish.person for it in drafts])
    for it in drafts:
        it.appointment.patient_id = people.ids[it.wish.person]
    rows = [_row(it) for it in drafts]
    given = _GIVEN.table(session)
    statement = _inserting(given, insert_unless_conflict(session, Appointment))
    won = set(session.connection().scalars(statement, _GIVEN.parameter(session, rows)))
    seen = {it.appointment.patient_id for it in drafts if it.appointment.id in won}
    patients.forget(session, people.new - seen)
    return won


def _row(draft: _Draft) -> dict[str, Any]:
    appointment = draft.appointment
    return {
        **{name: getattr(appointment, name) for name in _STORED},
        "version": draft.known.version,
        "reach": times.reach_of(appointment.occupied_from),
    }


@cache
def _inserting(given: FromClause, insert: Insert) -> ReturningInsert[Any]:
    taken = exists().where(
        Appointment.doctor_id == given.c.doctor_id,
        times.IS_HELD,
        Appointment.occupied_from > given.c.reach,
        Appointment.occupied_from < given.c.occupied_until,
        Appointment.occupied_until > given.c.occupied_from,
    )
    same = and_(Doctor.id == given.c.doctor_id, Doctor.timetable_version == given.c.version)
    query = (
        select(*(given.c[name] for name in _STORED))
        .join_from(given, Doctor, same)
        .where(~taken)
        .order_by(given.c.doctor_id, given.c.occupied_from)
        .with_for_update(read=True, of=Doctor, skip_locked=True)
    )
    return insert.from_select(_STORED, query).returning(Appointment.id)

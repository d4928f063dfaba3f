"""What is free on many doctors' dates, with one query for all of them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy import Date, FromClause, Integer, Select, and_, or_, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import times
from calendula.appointments.models import Appointment
from calendula.appointments.offers import occupied
from calendula.appointments.times import Busy
from calendula.availability.day import Day, Taken, look
from calendula.database import Id, Instant
from calendula.database.rows import Rows
from calendula.doctors.models import Doctor
from calendula.timetables.memory import Known, Memory
from calendula.timetables.policy import Limits
from calendula.timetables.slots import Slot, whole_day
from calendula.timetables.timetable import Visit

_TRIES = 2
_A_MOMENT = timedelta(seconds=1)
_ASKED = Rows(
    number=Integer(),
    doctor_id=Id,
    date=Date(),
    start=Instant(),
    end=Instant(),
    earliest=Instant(),
    latest=Instant(),
)


class Asked(NamedTuple):
    """A doctor, by id or by the key of their name, and a local date of theirs."""

    whom: UUID | str
    date: date
    visit: Visit | None = None
    """The kind of visit; None is a slot as the doctor's hours have it."""


class Found(NamedTuple):
    """What is free, of whose timetable, and the instant at which that may change by itself."""

    day: Day
    known: Known
    until: datetime
    holds: Sequence[Busy]
    """What only holds take, or took: it may be free again."""


def days_at(
    session: Session, memory: Memory, asked: Sequence[Asked], *, past: bool
) -> list[Found | None]:
    """Return what is free on each of the dates; None where no such doctor sees patients.

    `past` lets the past be booked. It is None too where edits come in between again and again.
    """
    found: list[Found | None] = [None] * len(asked)
    left = list(range(len(asked)))
    for again in range(_TRIES):
        if not left:
            break
        whom = {asked[number].whom for number in left}
        known = memory.learn(session, whom, anew=again > 0)
        offers = [
            _Offer.of(number, known[asked[number].whom], asked[number])
            for number in left
            if asked[number].whom in known
        ]
        busy, versions = _busy(session, offers)
        for it in offers:
            if it.known.version == versions.get(it.number) and it.known.doctor.active:
                found[it.number] = _look(it, busy.get(it.number, []), past=past)
        left = [it.number for it in offers if it.known.version != versions.get(it.number)]
    return found


class _Offer(NamedTuple):
    """The slots that a timetable has on a date that was asked for, free or not."""

    number: int
    known: Known
    date: date
    visit: Visit | None
    slots: Sequence[Slot]

    @classmethod
    def of(cls, number: int, known: Known, asked: Asked) -> Self:
        """Return what is known of whom was asked for."""
        _, day, visit = asked
        return cls(number, known, day, visit, known.timetable.slots_on(day, visit))


_Held = tuple[Busy, datetime | None]
"""A time that is held, and when the hold expires if it is one."""


def _busy(
    session: Session, offers: Sequence[_Offer]
) -> tuple[dict[int, list[_Held]], dict[int, int]]:
    """Return what is held on the dates, and the versions of the timetables as they are now."""
    rows = [_row(it) for it in offers]
    busy: dict[int, list[_Held]] = {}
    versions: dict[int, int] = {}
    query = _query(_ASKED.table(session))
    parameter = _ASKED.parameter(session, rows)
    for number, version, expires_at, *held in session.connection().execute(query, parameter):
        versions[number] = version
        if held[-1] is not None:
            busy.setdefault(number, []).append((Busy(*held), expires_at))
    return busy, versions


def _row(offer: _Offer) -> dict[str, Any]:
    """Return what to look for: what takes the slots' time, and what has the date's names.

    Both begin between the earliest and the latest instant, some days at most.
    """
    dated = times.of_date(offer.date)
    if offer.slots:
        start = occupied(offer.slots[0], offer.visit).start
        end = occupied(offer.slots[-1], offer.visit).end
    else:
        start = end = dated.start
    return {
        "number": offer.number,
        "doctor_id": offer.known.doctor_id,
        "date": offer.date,
        "start": start,
        "end": end,
        "earliest": times.reach_of(min(start, dated.start)),
        "latest": max(end, dated.end),
    }


@cache
def _query(asked: FromClause) -> Select[Any]:
    """Return the query for what is held on dates: in their slots' time, and under their names.

    An index has all that it looks at: of what is near, each row would be another page of the table.
    """
    near = and_(
        times.IS_HELD,
        Appointment.doctor_id == asked.c.doctor_id,
        Appointment.occupied_from >= asked.c.earliest,
        Appointment.occupied_from < asked.c.latest,
    )
    overlaps = and_(
        Appointment.occupied_from < asked.c.end, Appointment.occupied_until > asked.c.start
    )
    query = select(
        asked.c.number,
        Doctor.timetable_version,
        Appointment.expires_at,
        Appointment.occupied_from,
        Appointment.occupied_until,
        Appointment.date,
        Appointment.slot,
        Appointment.id,
    ).join_from(asked, Doctor, Doctor.id == asked.c.doctor_id)
    return query.outerjoin(Appointment, and_(near, or_(overlaps, Appointment.date == asked.c.date)))


def _look(offer: _Offer, held: Sequence[_Held], *, past: bool) -> Found:
    now, known, timetable = clock.now(), offer.known, offer.known.timetable
    limits = Limits.at(now, timetable.policy, timetable.zone, past=past)
    live = [busy for busy, expires_at in held if expires_at is None or expires_at > now]
    changes = [*_changes(known, offer.slots, now), *(end for _, end in held if end)]
    until = min((it for it in changes if it > now), default=now + _A_MOMENT)
    found = look(timetable, offer.date, offer.slots, limits, Taken(live), visit=offer.visit)
    holds = [busy for busy, expires_at in held if expires_at]
    return Found(found, known, min(until, now + _A_MOMENT), holds)


def _changes(known: Known, slots: Sequence[Slot], now: datetime) -> Iterator[datetime]:
    """Give the instants of the next moment at which the clock alone changes what can be booked."""
    policy = known.timetable.policy
    notice = timedelta(minutes=policy.minimum_notice_minutes or 0)
    if slots and slots[0].start < now + _A_MOMENT + notice and now < slots[-1].start:
        for slot in slots:
            yield slot.start
            yield slot.start - notice
    if policy.horizon_days is not None:
        today = whole_day(now.astimezone(known.timetable.zone).date(), known.timetable.zone)
        yield today.end if today else now

"""Who may be free when on one day: kept, and made anew where something has changed."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING, Status
from calendula.availability.search import bits
from calendula.availability.search.offered import Exceptions, offered, whole
from calendula.availability.search.roster import Roster
from calendula.intervals import Interval, Part
from calendula.timetables import service as timetables
from calendula.timetables.timetable import Visit
from calendula.timetables.windows import Window

_MOMENT = timedelta(microseconds=1)
_AT_ONCE = 5000  # rows that are read together
_FEW = 500  # doctors for whom alone the database is asked; else for all
_SURE = tuple(status for status in HOLDING if status != Status.PENDING)  # what is held may expire


class Around(NamedTuple):
    """How much longer than a slot's start is what it occupies."""

    before: timedelta
    after: timedelta

    @classmethod
    def of(cls, visit: Visit | None) -> "Around":
        """Return it for a visit. A slot is taken where it starts: the rest is looked up."""
        if visit is None:
            return cls(timedelta(), _MOMENT)
        ahead = timedelta(minutes=visit.duration + visit.buffer_after)
        return cls(timedelta(minutes=visit.buffer_before), ahead)


class Day:
    """A day in UTC, in one kind of visit.

    `free` has for each start those who may be free then: all who are and few others, since a hold
    may expire and a policy goes with the clock.
    """

    def __init__(self, day: date, visit: Visit | None) -> None:
        self._day = day
        self._visit = visit
        self._around = Around.of(visit)
        self._starts: list[datetime] = []
        self.free: dict[datetime, int] = {}
        self.stale = bits.ALL
        """Those of whom nobody knows any more."""

    def starts_from(self, first: datetime) -> Sequence[datetime]:
        """Return the starts from a first one on, in time order."""
        return self._starts[bisect_left(self._starts, first) :]

    @property
    def size(self) -> int:
        """The bytes that it takes, more or less."""
        return sum(map(bits.size, self.free.values()))

    def take(self, doctor: int, time: Interval) -> None:
        """Let a doctor not be free at a time."""
        self._clear(time, 1 << doctor)

    def renew(self, session: Session, roster: Roster, wanted: int) -> None:
        """Look anew at those of the wanted doctors of whom nobody knows any more."""
        who = self.stale & wanted
        if not who:
            return
        few = None
        if who.bit_count() > _FEW:
            who = self.stale
        else:
            few = [roster.ids[number] for number in bits.numbers(who)]
        exceptions = _exceptions(session, roster, self._day, few)
        fresh = offered(roster, self._day, self._visit, exceptions)
        for start in {*self.free, *fresh}:
            kept = self.free.get(start, 0) & ~who
            self.free[start] = kept | fresh.get(start, 0) & who
        self._starts = sorted(self.free)
        for time, them in _gone(session, roster, self._day, few):
            self._clear(time, them & who)
        self.stale &= ~who

    def _clear(self, time: Interval, who: int) -> None:
        first = bisect_right(self._starts, time.start - self._around.after)
        last = bisect_left(self._starts, time.end + self._around.before)
        for start in self._starts[first:last]:
            self.free[start] &= ~who


def _exceptions(
    session: Session, roster: Roster, day: date, few: Sequence[UUID] | None
) -> Exceptions:
    overridden: dict[date, list[int]] = defaultdict(list)
    windows: dict[date, dict[Window, int]] = defaultdict(lambda: defaultdict(int))
    for row in timetables.overrides_about(session, day, few):
        number = roster.number(row.doctor_id)
        if number is not None:
            overridden[row.date].append(number)
            for window in row.windows:
                windows[row.date][Window(*window)] |= 1 << number
    sets = {it: bits.of(who, len(roster)) for it, who in overridden.items()}
    return Exceptions(sets, windows)


def _gone(
    session: Session, roster: Roster, day: date, few: Sequence[UUID] | None
) -> Iterator[tuple[Interval, int]]:
    """Give the times that time off and appointments take away, each with whose it is."""
    within = whole(day)
    for off in timetables.all_time_off(session, within, few):
        yield Part(off.starts_at, off.ends_at), _one(roster, off.doctor_id)
    gone: dict[Interval, list[int]] = defaultdict(list)
    for doctor_id, start, end in session.execute(
        _appointments(within, few), execution_options={"yield_per": _AT_ONCE}
    ):
        number = roster.number(doctor_id)
        if number is not None:
            gone[Part(start, end)].append(number)
    for time, numbers in gone.items():
        yield time, bits.of(numbers, len(roster))


def _one(roster: Roster, doctor_id: UUID | None) -> int:
    return bits.ALL if doctor_id is None else roster.some([doctor_id])


def _appointments(within: Interval, few: Sequence[UUID] | None) -> Select[UUID, datetime, datetime]:
    """Return the query. What reaches into the day from the one before, the look-up sees."""
    query = select(
        Appointment.doctor_id, Appointment.occupied_from, Appointment.occupied_until
    ).where(
        Appointment.status.in_(_SURE),
        Appointment.starts_at >= within.start,
        Appointment.starts_at < within.end,
    )
    return query if few is None else query.where(Appointment.doctor_id.in_(few))

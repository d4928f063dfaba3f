"""Who may be free when on one day. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from calendula.availability.search import bits
from calendula.intervals import Interval
from calendula.timetables.timetable import Visit

_MOMENT = timedelta(microseconds=1)


class Gone(NamedTuple):
    """A time in which some doctors see nobody else."""

    start: datetime
    end: datetime
    who: int


class Around(NamedTuple):
    """How much longer than a slot's start is what it occupies."""

    before: timedelta
    after: timedelta

    @classmethod
    def of(cls, visit: Visit | None) -> Self:
        """Return it for a visit. A slot is gone with its start: the rest is looked up."""
        if visit is None:
            return cls(timedelta(), _MOMENT)
        ahead = timedelta(minutes=visit.duration + visit.buffer_after)
        return cls(timedelta(minutes=visit.buffer_before), ahead)


class Day:
    """A day in UTC, for one kind of visit.

    `free` has for each start those who may be free then: all who are and few others, since a hold
    may expire and a policy goes with the clock.
    """

    def __init__(self, date_: date, visit: Visit | None) -> None:
        self.date = date_
        self.visit = visit
        self.free: dict[datetime, int] = {}
        self.stale = bits.ALL
        """Those of whom nobody knows any more."""
        self._around = Around.of(visit)
        self._starts: list[datetime] = []

    @property
    def size(self) -> int:
        """The bytes that it takes, more or less."""
        return sum(map(bits.size, self.free.values()))

    def starts_from(self, first: datetime) -> Sequence[datetime]:
        """Return the starts from a first one on, in time order."""
        return self._starts[bisect_left(self._starts, first) :]

    def renew(self, who: int, offered: Mapping[datetime, int], gone: Iterable[Gone]) -> None:
        """Let some doctors be as they are now: what they offer, and what of it is gone."""
        for start in {*self.free, *offered}:
            self.free[start] = self.free.get(start, 0) & ~who | offered.get(start, 0) & who
        self._starts = sorted(self.free)
        for each in gone:
            self.take(each, each.who & who)
        self.stale &= ~who

    def take(self, time: Interval, who: int) -> None:
        """Let some doctors not be free at a time."""
        first = bisect_right(self._starts, time.start - self._around.after)
        last = bisect_left(self._starts, time.end + self._around.before)
        for start in self._starts[first:last]:
            self.free[start] &= ~who

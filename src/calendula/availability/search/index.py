"""Who may be free when: in the memory of each worker, as the event log says.

It names candidates, in the order of time, and may name too many: what is free, the database knows.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import reduce
from math import inf
from operator import or_
from threading import Lock
from time import monotonic
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from calendula import clock, names
from calendula.availability.search import bits, changes, roster
from calendula.availability.search.changes import Booked, Change, Edited, Touched
from calendula.availability.search.day import Day
from calendula.availability.search.offered import day_of, whole
from calendula.availability.search.reading import renew
from calendula.availability.search.roster import Roster
from calendula.availability.search.wish import Wish
from calendula.errors import Unavailable
from calendula.timetables.memory import Memory
from calendula.timetables.policy import Limits
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Visit

_BEHIND = 50_000  # events; with more of them it is quicker to begin anew
_MOST_BYTES = 2**28
_TOGETHER = 2000  # days of doctors that are read together
_MOST_DAYS = 31
_WAIT = 5.0  # seconds
_PATIENCE = 1.0  # seconds, after which no other days are read for a search
_NOBODY = UUID(int=0)


class Place(NamedTuple):
    """A place in the order of all slots: a start, and the id of a doctor."""

    start: datetime
    doctor_id: UUID

    @classmethod
    def before(cls, start: datetime) -> "Place":
        """Return the place before all that start then."""
        return cls(start, _NOBODY)


class Found(NamedTuple):
    """Who may be free when, and behind which place to look on; None is the end of the wish."""

    candidates: list[Place]
    behind: Place | None


class Index:
    """What a worker knows of who may be free when. Threads share it."""

    def __init__(self, memory: Memory, most_bytes: int = _MOST_BYTES) -> None:
        self.memory = memory
        """By which those who may be free are looked at."""
        self._lock = Lock()
        self._most_bytes = most_bytes
        self._followed = -inf  # when it was begun to take in what has happened
        self._forget()

    def find(self, session: Session, wish: Wish, behind: Place, most: int) -> Found:
        """Return those who may have what is wished for behind a place, so many at most.

        They may be fewer, or none, where many days have to be read that were not asked for lately.
        The session's transaction ends. Raises Unavailable where others are reading for long.
        """
        # Who waits here must keep no connection from who is in. And who is in must see no less than
        # the one before: in SQLite a transaction sees what there was when it began.
        session.close()
        came = monotonic()
        with self._alone():
            if self._followed <= came:  # else another has, since, and for all who waited here
                now = monotonic()
                self._follow(session)
                self._followed = now
            return self._walk(session, _Search(self._roster, wish), behind, most)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_WAIT):
            raise Unavailable("The free times are being looked up. Try again in a moment.")
        try:
            yield
        finally:
            self._lock.release()

    def _forget(self) -> None:
        self._seen: int | None = None
        self._roster = Roster(())
        self._days: OrderedDict[tuple[date, Visit | None], Day] = OrderedDict()

    def _follow(self, session: Session) -> None:
        """Take in what has happened since the last search."""
        news = None if self._seen is None else changes.behind(session, self._seen, _BEHIND)
        if news and self._take(session, news.changes):
            self._seen = news.seen
            return
        self._forget()
        seen = changes.beginning(session)
        self._roster = roster.load(session)
        self._seen = seen

    def _take(self, session: Session, news: Sequence[Change]) -> bool:
        """Take in some changes; tell whether that could be done."""
        edited = {it.doctor_id for it in news if isinstance(it, Edited)}
        if None in edited:
            return False
        if not all(map(self._roster.take, roster.entries_of(session, filter(None, edited)))):
            return False
        who = self._roster.some(filter(None, edited))
        for known in self._days.values():
            known.stale |= who
        visits = {visit for _, visit in self._days}
        for each in news:
            if not isinstance(each, Edited):
                self._take_appointment(each, visits)
        return True

    def _take_appointment(self, change: Booked | Touched, visits: Iterable[Visit | None]) -> None:
        doctor = self._roster.number(change.doctor_id)
        if doctor is None:
            return
        for visit in visits:
            known = self._days.get((day_of(change.start), visit))
            if known and isinstance(change, Booked):
                known.take(change, 1 << doctor)
            elif known:
                known.stale |= 1 << doctor

    def _walk(self, session: Session, search: "_Search", behind: Place, most: int) -> Found:
        until = monotonic() + _PATIENCE
        candidates: list[Place] = []
        for days in search.days(day_of(behind.start)):
            if monotonic() > until and days[0] > day_of(behind.start):
                return Found(candidates, Place.before(whole(days[0]).start))
            for known in self._known(session, days, search):
                for place in self._places(known, search, behind):
                    candidates.append(place)
                    if len(candidates) == most:
                        return Found(candidates, place)
        return Found(candidates, None)

    def _places(self, known: Day, search: "_Search", behind: Place) -> Iterator[Place]:
        ids = self._roster.ids
        for start in known.starts_from(behind.start):
            first = bisect_right(ids, behind.doctor_id) if start == behind.start else 0
            for number in bits.numbers(known.free[start] & search.who_at(start), first):
                yield Place(start, ids[number])

    def _known(self, session: Session, dates: Sequence[date], search: "_Search") -> Sequence[Day]:
        """Return what is known of some days, made new where it must be."""
        keys = [(date_, search.visit) for date_ in dates]
        if not self._days.keys() >= set(keys):
            while self._days and sum(it.size for it in self._days.values()) > self._most_bytes:
                self._days.popitem(last=False)
        for key in keys:
            self._days.setdefault(key, Day(*key))
            self._days.move_to_end(key)
        days = [self._days[key] for key in keys]
        renew(session, self._roster, days, search.who)
        return days


class _Search:
    """A wish, put to the doctors of now."""

    def __init__(self, doctors: Roster, wish: Wish) -> None:
        now = clock.now()
        self.visit = wish.visit
        self._wish = wish
        wanted = _wanted(doctors, wish)
        self._limits: list[tuple[ZoneInfo, Limits, int]] = []
        for rule, who in doctors.rules.items():
            if who & wanted:
                zone = ZoneInfo(rule.time_zone)
                limits = Limits.at(now, rule.policy, zone, past=False)
                self._limits.append((zone, limits, who & wanted))
        self.who = reduce(or_, (who for *_, who in self._limits), 0)

    def days(self, first: date) -> Iterator[Sequence[date]]:
        """Give the days in UTC, from a first one on, in which anything can be found.

        The fewer are looked for, the more days come together.
        """
        ends = [limits.last_day or self._wish.last for _, limits, _ in self._limits]
        last = min(self._wish.last, max(ends, default=date.min)).toordinal() + 1
        together = min(max(_TOGETHER // (self.who.bit_count() or 1), 1), _MOST_DAYS)
        for number in range(first.toordinal(), last + 1, together):
            end = min(number + together, last + 1)
            yield [date.fromordinal(it) for it in range(number, end)]

    def who_at(self, start: datetime) -> int:
        """Return those of whom a slot may be booked now that starts then."""
        found = 0
        for zone, limits, who in self._limits:
            wall = start.astimezone(zone)
            slot = Slot(start, start, wall.date(), "")
            if self._wish.admits(wall) and not any(limits.against(slot)):
                found |= who
        return found


def _wanted(doctors: Roster, wish: Wish) -> int:
    wanted = bits.ALL
    if wish.specialty is not None:
        wanted &= doctors.special(names.plain(wish.specialty))
    for word in names.plain(wish.words).split():
        wanted &= doctors.named(word)
    if wish.offering is not None:
        wanted &= doctors.some(wish.offering)
    return wanted

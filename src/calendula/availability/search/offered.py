"""What all doctors together offer on a day: the set of them for each start."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calendula.availability.search import bits
from calendula.availability.search.roster import Roster
from calendula.timetables import holidays
from calendula.timetables.slots import Slot, Span, slots_of, span_of
from calendula.timetables.timetable import Visit
from calendula.timetables.windows import Window

_DAY = timedelta(days=1)


class Exceptions(NamedTuple):
    """What some doctors have on dates, instead of their week."""

    overridden: Mapping[date, int]
    windows: Mapping[date, Mapping[Window, int]]


class _Hours(NamedTuple):
    """Hours of some doctors, in time."""

    start: datetime
    end: datetime
    who: int


def day_of(instant: datetime) -> date:
    """Return the day of an instant in UTC, by which all is sorted here."""
    return instant.astimezone(UTC).date()


def whole(day: date) -> Span:
    """Return a day in UTC from its beginning to its end."""
    midnight = datetime.combine(day, time.min, UTC)
    return Span(midnight, midnight + _DAY)


def offered(
    roster: Roster, day: date, visit: Visit | None, exceptions: Exceptions
) -> dict[datetime, int]:
    """Return who offers a slot, or a visit, at which instants of a day in UTC.

    Who does is there, time off or not. Somebody may be there who does not, on the edge of a night:
    the timetable itself knows better.
    """
    found: dict[datetime, int] = defaultdict(int)
    within = whole(day)
    for (zone, calendar), who in _together(roster).items():
        dates = _Dates(roster, exceptions, zone, calendar, who)
        for slot, offering in dates.slots(within, visit):
            found[slot.start] |= offering
    return {start: some for start, some in found.items() if some}


def _together(roster: Roster) -> Mapping[tuple[ZoneInfo, str | None], int]:
    """Return the doctors who live by the same clock and holidays, whatever else their rules are."""
    together: dict[tuple[ZoneInfo, str | None], int] = defaultdict(int)
    for rule, who in roster.rules.items():
        together[ZoneInfo(rule.time_zone), rule.holidays] |= who
    return together


class _Dates:
    """The dates of doctors who live by the same clock and holidays."""

    def __init__(
        self,
        roster: Roster,
        exceptions: Exceptions,
        zone: ZoneInfo,
        calendar: str | None,
        who: int,
    ) -> None:
        self._roster = roster
        self._exceptions = exceptions
        self._zone = zone
        self._calendar = calendar
        self._who = who

    def slots(self, within: Span, visit: Visit | None) -> Iterator[tuple[Slot, int]]:
        """Give the slots that start within a time, each with those who offer it."""
        dates = self._about(within)
        fitting = _fitting(self._hours(dates)) if visit else None
        for day in dates:
            for window, who in self._windows(day):
                for slot in slots_of(day, [window], self._zone, visit and visit.duration):
                    if not within.start <= slot.start < within.end:
                        continue
                    if visit is None or fitting is None:
                        yield slot, who
                    elif visit.may_be(slot, self._zone):
                        span = visit.occupied(slot)
                        yield slot, who & fitting(span.start, span.end)

    def _about(self, within: Span) -> list[date]:
        """Return the dates of a time, with the one before, whose nights may reach into it."""
        first = within.start.astimezone(self._zone).date() - _DAY
        last = within.end.astimezone(self._zone).date() + _DAY
        return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]

    def _windows(self, day: date) -> Iterator[tuple[Window, int]]:
        """Give the windows that begin on a date, each with whose it is."""
        weekly = self._who & ~self._exceptions.overridden.get(day, 0)
        if weekly and not holidays.name_of(self._calendar, day):
            for each, who in self._roster.windows.items():
                if each.applies_on(day) and who & weekly:
                    yield each.window, who & weekly
        for window, who in self._exceptions.windows.get(day, {}).items():
            yield window, who & self._who

    def _hours(self, dates: Iterable[date]) -> list[_Hours]:
        hours = []
        for day in dates:
            for window, who in self._windows(day):
                span = span_of(day, window, self._zone)
                if span:
                    hours.append(_Hours(span.start, span.end, who))
        return hours


def _fitting(hours: Sequence[_Hours]) -> Callable[[datetime, datetime], int]:
    """Return who has hours from one instant to another, those that meet taken as one."""

    @cache
    def fitting(start: datetime, end: datetime) -> int:
        found = 0
        for each in hours:
            if each.start <= start < each.end:
                found |= each.who & (bits.ALL if end <= each.end else fitting(each.end, end))
        return found

    return fitting

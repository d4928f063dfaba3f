"""How full a doctor is, by date and hour of the clock. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calendula.intervals import Interval, Part
from calendula.timetables.timetable import Timetable

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_ALWAYS = Part(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

Hour = tuple[date, int]
"""A date, and an hour of its clock from 0 to 23."""


class Fullness(NamedTuple):
    """How much of the time that a doctor offers is booked; minutes."""

    booked: int
    offered: int

    @property
    def percent(self) -> int:
        """The part that is booked, rounded; but 0 is nothing at all, and 100 is all of it."""
        if self.booked in {0, self.offered}:
            return 100 if self.booked else 0
        return min(99, max(1, round(100 * self.booked / self.offered)))


def of_week(
    timetable: Timetable, booked: Iterable[Interval], first: date, last: date
) -> dict[Hour, Fullness]:
    """Return how full a doctor is from one local date to another, for each hour with an offer.

    `booked` are the times that appointments occupy; no two of them overlap. One that lies outside
    of what is offered, as on purpose or since the hours were edited, fills nothing of it. An hour
    that the clock repeats counts twice, and one that it skips not at all.
    """
    hours = timetable.hours(first, last)
    offered = _minutes(hours.parts(_ALWAYS), timetable)
    taken = _minutes((part for time in booked for part in hours.parts(time)), timetable)
    return {
        (day, hour): Fullness(taken[day, hour], minutes)
        for (day, hour), minutes in offered.items()
        if minutes and first <= day <= last
    }


def whole(hours: Mapping[Hour, Fullness]) -> Fullness:
    """Return how full some hours are, taken together."""
    every = hours.values()
    return Fullness(sum(it.booked for it in every), sum(it.offered for it in every))


def _minutes(times: Iterable[Interval], timetable: Timetable) -> Counter[Hour]:
    """Return how many minutes of each hour lie in some times, and in no time off."""
    minutes: Counter[Hour] = Counter()
    for time in times:
        minutes.update(_cut(time, timetable.zone))
        for off in timetable.time_off.parts(time):
            minutes.subtract(_cut(off, timetable.zone))
    return minutes


def _cut(time: Interval, zone: ZoneInfo) -> Counter[Hour]:
    """Return the minutes of a time by hours of the clock."""
    minutes: Counter[Hour] = Counter()
    start = time.start
    while start < time.end:
        wall = start.astimezone(zone)
        gone = timedelta(0, wall.second, wall.microsecond, minutes=wall.minute)
        end = min(start + _HOUR - gone, time.end)
        minutes[wall.date(), wall.hour] += (end - start) // _MINUTE
        start = end
    return minutes

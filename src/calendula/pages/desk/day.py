"""Where a time stands in the picture of a day: rows of five minutes of the doctor's. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calendula.timetables.labels import MINUTES_OF_DAY
from calendula.timetables.timetable import Timetable

STEP = 5
"""Minutes that a row stands for."""
_HOUR = 60
_USUAL = (8 * _HOUR, 18 * _HOUR)


class Stretch(NamedTuple):
    """A part of a day, in minutes after its midnight."""

    start: int
    end: int

    @property
    def times(self) -> tuple[time, time]:
        """Its ends as times of day; midnight is 0:00 on both sides."""
        return _time(self.start), _time(self.end)

    @property
    def is_whole_day(self) -> bool:
        """Whether it lasts from midnight to midnight."""
        return self == (0, MINUTES_OF_DAY)


class Place(NamedTuple):
    """In which row something begins, of which the first is 1, and how many it takes."""

    row: int
    rows: int


class Grid(NamedTuple):
    """The hours that a picture shows; it begins and ends with a whole one."""

    first: int
    """Minutes after midnight."""
    last: int

    @classmethod
    def over(cls, stretches: Iterable[Stretch]) -> "Grid":
        """Return the grid that all of these fit in; of none, the usual hours of a clinic."""
        some = list(stretches) or [Stretch(*_USUAL)]
        first = min(it.start for it in some) // _HOUR * _HOUR
        last = ceil(max(it.end for it in some) / _HOUR) * _HOUR
        return cls(min(first, MINUTES_OF_DAY - _HOUR), max(last, first + _HOUR))

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return (self.last - self.first) // STEP

    @property
    def hours(self) -> list[tuple[int, time]]:
        """Each hour: its row and its time of day."""
        starts = range(self.first, self.last, _HOUR)
        return [((it - self.first) // STEP + 1, time(it // _HOUR)) for it in starts]

    def place(self, stretch: Stretch) -> Place:
        """Return where a stretch stands, as far as it lies within the grid; it takes some row."""
        first = max(stretch.start, self.first) - self.first
        last = min(stretch.end, self.last) - self.first
        row = min(first // STEP, self.rows - 1)
        return Place(row + 1, max(1, ceil(last / STEP) - row))

    def shows(self, stretch: Stretch) -> bool:
        """Tell whether a stretch begins within the grid."""
        return self.first <= stretch.start < self.last


def stretch_of(start: datetime, end: datetime, day: date, zone: ZoneInfo) -> Stretch:
    """Return the part of a local date that lies between two instants, as the doctor's clock shows.

    Where the clock is set back in between, it is as long as it takes.
    """
    first, last = start.astimezone(zone), end.astimezone(zone)
    begun = _minute(first) if first.date() == day else 0
    over = _minute(last) if last.date() == day else MINUTES_OF_DAY
    if over <= begun:
        over = begun + (end - start) // timedelta(minutes=1)
    return Stretch(begun, min(over, MINUTES_OF_DAY))


def hours_on(timetable: Timetable, day: date) -> list[Stretch]:
    """Return when a doctor works on a date, with what reaches into it from the evening before."""
    found = [Stretch(it.start_minute, it.end_minute) for it in timetable.windows_on(day)]
    if day > date.min:
        found += [
            Stretch(it.start_minute - MINUTES_OF_DAY, it.end_minute - MINUTES_OF_DAY)
            for it in timetable.windows_on(day - timedelta(days=1))
        ]
    clipped = (Stretch(max(it.start, 0), min(it.end, MINUTES_OF_DAY)) for it in found)
    return sorted(it for it in clipped if it.start < it.end)


def _time(minute: int) -> time:
    return time(*divmod(minute % MINUTES_OF_DAY, _HOUR))


def _minute(wall: datetime) -> int:
    return wall.hour * _HOUR + wall.minute

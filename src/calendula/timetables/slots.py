"""From wall time to instants: the slots that a day's windows make in a time zone. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calendula.timetables import labels
from calendula.timetables.windows import Window

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_REMEMBERED = 8192  # dates with the same hours; some 10 MB where each has ten slots
_WHOLE_DAY = Window(0, labels.MINUTES_OF_DAY, labels.MINUTES_OF_DAY)


class Slot(NamedTuple):
    """A bookable interval: its instants, aware and in UTC, with its local date and label."""

    start: datetime
    end: datetime
    date: date
    label: str
    overnight: bool = False
    """Whether it ends after the midnight that follows its start."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the time line; instants, aware and in UTC."""

    start: datetime
    end: datetime


def slots_of(
    day: date, windows: Iterable[Window], zone: ZoneInfo, length: int | None = None
) -> list[Slot]:
    """Return the slots that the windows of a local date make, in time order.

    They are as long as each window says, and lie within it. With a `length` in minutes they are
    that long, and start at every step: whether their ends fit in is for the caller to see. One
    after midnight has the next date.

    A slot that a clock change skips, or that a change falls into, is not offered: its label would
    not be true. A time that the change repeats is offered once, the first time it comes.
    """
    return list(_slots_of(day, tuple(windows), zone, length))


def span_of(day: date, window: Window, zone: ZoneInfo) -> Span | None:
    """Return the time from a window's start to its end, or None at the ends of the calendar."""
    try:
        return Span(
            _instant_from(day, window.start_minute, zone),
            _instant_from(day, window.end_minute, zone),
        )
    except OverflowError:
        return None


def whole_day(day: date, zone: ZoneInfo) -> Span | None:
    """Return a local date from midnight to midnight, or None at the ends of the calendar."""
    return span_of(day, _WHOLE_DAY, zone)


@lru_cache(maxsize=_REMEMBERED)
def _slots_of(
    day: date, windows: tuple[Window, ...], zone: ZoneInfo, length: int | None
) -> tuple[Slot, ...]:
    """Return the slots; doctors with the same hours share them."""
    slots = (slot for window in windows for slot in _slots_in(day, window, zone, length))
    return tuple(sorted(slots, key=lambda slot: slot.start))


def _slots_in(day: date, window: Window, zone: ZoneInfo, length: int | None) -> Iterator[Slot]:
    steps = list(_steps(window, length))
    midnight = _midnight(day, steps[0][0], steps[-1][1], zone) if steps else None
    for start, end in steps:
        if midnight is None:
            slot = _slot(day, start, end, zone)
        else:
            times = midnight + start * _MINUTE, midnight + end * _MINUTE
            slot = _named(*times, day, start, end)
        if slot is not None:
            yield slot


def _midnight(day: date, first: int, last: int, zone: ZoneInfo) -> datetime | None:
    """Return a date's midnight by the clock that its zone has from one minute to another.

    None where the clock is changed, and at the ends of the calendar. One look at each end will do:
    no zone changes its clock twice within the two days of a window.
    """
    wall = datetime.combine(day, time.min, zone)
    try:
        start, end = wall + first * _MINUTE, wall + last * _MINUTE
        end.astimezone(UTC)
        offset = end.utcoffset()
        if offset is None or not start.utcoffset() == offset == end.replace(fold=1).utcoffset():
            return None
        return wall.replace(tzinfo=UTC) - offset
    except OverflowError:
        return None


def _steps(window: Window, length: int | None) -> Iterator[tuple[int, int]]:
    first, last, step = window
    latest = last - step if length is None else last - 1
    return ((start, start + (length or step)) for start in range(first, latest + 1, step))


def _slot(day: date, start: int, end: int, zone: ZoneInfo) -> Slot | None:
    try:
        first, last = _instant(day, start, zone), _instant(day, end - 1, zone)
        if first is None or last is None or last - first != (end - 1 - start) * _MINUTE:
            return None
        end_instant = last + _MINUTE
        end_instant.astimezone(zone)
        return _named(first, end_instant, day, start, end)
    except OverflowError:  # the calendar ends at 9999-12-31, in UTC and in the zone
        return None


def _named(start: datetime, end: datetime, day: date, first: int, last: int) -> Slot:
    """Return the slot of these instants that lies between two minutes after a date's midnight."""
    days = first // labels.MINUTES_OF_DAY
    overnight = (last - 1) // labels.MINUTES_OF_DAY > days
    own_day = day + timedelta(days=days) if days else day
    return Slot(start, end, own_day, labels.write(first, last), overnight)


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a wall time: the first of two, or None where the clock skips it."""
    wall = datetime.combine(day, time.min) + minute * _MINUTE
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == wall else None


def _instant_from(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall time; of one that the clock skips, the instant of its jump."""
    wall = (datetime.combine(day, time.min) + minute * _MINUTE).replace(tzinfo=zone)
    late, early = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    offset = late.astimezone(zone).utcoffset()
    while early < late - _SECOND:  # only in a gap is the second reading the earlier one (PEP 495)
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return late.replace(microsecond=0)

"""From wall time to instants: the slots that a day's windows make in a time zone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from calendula.timetables import labels
from calendula.timetables.windows import Window

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_REMEMBERED = 8192  # dates with the same hours; some 10 MB where each has ten slots
_SPANS = 8192  # of windows on dates; some 3 MB
_KINDS = 2048  # of days: the windows that one has; some 6 MB where each has ten slots
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


@lru_cache(maxsize=_SPANS)
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


class _Step(NamedTuple):
    """A slot of a window, whatever the date is; minutes after its midnight, and what follows."""

    start: int
    end: int
    until_start: timedelta
    until_end: timedelta
    days: int
    label: str
    overnight: bool

    @classmethod
    def of(cls, start: int, end: int) -> Self:
        days = start // labels.MINUTES_OF_DAY
        overnight = (end - 1) // labels.MINUTES_OF_DAY > days
        label = labels.write(start, end)
        return cls(start, end, start * _MINUTE, end * _MINUTE, days, label, overnight)

    def on(self, day: date, start: datetime, end: datetime) -> Slot:
        """Return the slot that it is on a date, where these are its instants."""
        own_day = day + timedelta(days=self.days) if self.days else day
        return Slot(start, end, own_day, self.label, self.overnight)


@lru_cache(maxsize=_REMEMBERED)
def _slots_of(
    day: date, windows: tuple[Window, ...], zone: ZoneInfo, length: int | None
) -> tuple[Slot, ...]:
    """Return the slots; doctors with the same hours share them."""
    steps = _steps(windows, length)
    if not steps:
        return ()
    midnight = _midnight(day, steps[0].start, max(step.end for step in steps), zone)
    if midnight is None:
        found = (_slot(day, step, zone) for step in steps)
        return tuple(slot for slot in found if slot)
    return tuple(
        step.on(day, midnight + step.until_start, midnight + step.until_end) for step in steps
    )


@lru_cache(maxsize=_KINDS)
def _steps(windows: tuple[Window, ...], length: int | None) -> tuple[_Step, ...]:
    """Return what windows make of any date, in time order."""
    return tuple(
        _Step.of(start, start + (length or step))
        for start, step in sorted(
            (start, step)
            for first, last, step in windows
            for start in range(first, last - step + 1 if length is None else last, step)
        )
    )


def _midnight(day: date, first: int, last: int, zone: ZoneInfo) -> datetime | None:
    """Return a date's midnight by the clock that its zone has from one minute to another.

    None where the clock is changed, and at the ends of the calendar. One look at each end will do:
    no zone changes its clock twice within the two days of a date's windows.
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


def _slot(day: date, step: _Step, zone: ZoneInfo) -> Slot | None:
    start, end = step.start, step.end
    try:
        first, last = _instant(day, start, zone), _instant(day, end - 1, zone)
        if first is None or last is None or last - first != (end - 1 - start) * _MINUTE:
            return None
        end_instant = last + _MINUTE
        end_instant.astimezone(zone)
        return step.on(day, first, end_instant)
    except OverflowError:  # the calendar ends at 9999-12-31, in UTC and in the zone
        return None


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

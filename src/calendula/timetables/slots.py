"""From wall time to instants: the slots that a day's windows make in a time zone. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calendula.timetables import labels

_MINUTE = timedelta(minutes=1)


class Window(NamedTuple):
    """A part of one day in which slots of one length follow each other; minutes after midnight."""

    start_minute: int
    end_minute: int
    slot_minutes: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A bookable interval: its instants, aware and in UTC, with its local date and label."""

    start: datetime
    end: datetime
    date: date
    label: str


def slots_on(day: date, windows: Iterable[Window], zone: ZoneInfo) -> list[Slot]:
    """Return the slots of a local date, in time order.

    A slot that a clock change skips, or that a change falls into, is not offered: its label would
    not be true. A time that the change repeats is offered once, the first time it comes.
    """
    slots = (
        slot
        for window in windows
        for start, end in _steps(window)
        if (slot := _slot(day, start, end, zone)) is not None
    )
    return sorted(slots, key=lambda slot: slot.start)


def _steps(window: Window) -> Iterator[tuple[int, int]]:
    first, last, length = window
    return ((start, start + length) for start in range(first, last - length + 1, length))


def _slot(day: date, start: int, end: int, zone: ZoneInfo) -> Slot | None:
    try:
        first, last = _instant(day, start, zone), _instant(day, end - 1, zone)
        if first is None or last is None or last - first != (end - 1 - start) * _MINUTE:
            return None
        end_instant = last + _MINUTE
        end_instant.astimezone(zone)
        return Slot(first, end_instant, day, labels.write(start, end))
    except OverflowError:  # the calendar ends at 9999-12-31, in UTC and in the zone
        return None


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a wall time: the first of two, or None where the clock skips it."""
    wall = datetime.combine(day, time.min) + minute * _MINUTE
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == wall else None

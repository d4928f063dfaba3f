"""A month as a calendar shows it, and a day in its parts. Pure."""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from calendula.http.fields import LocalDate
from calendula.pages.languages import marked as _
from calendula.timetables.slots import Slot

_LOOK_AHEAD = timedelta(days=366)
_PARTS = (  # until which hour of the day, in the doctor's wall time
    (12, "morning", _("Morning")),
    (17, "afternoon", _("Afternoon")),
    (24, "evening", _("Evening")),
)


def _first_day(text: object) -> object:
    return f"{text}-01" if isinstance(text, str) else text


Month = Annotated[LocalDate, BeforeValidator(_first_day)]
"""A month as it is written in a query, 2026-12: its first day."""


class Cell(NamedTuple):
    """A day of a calendar."""

    date: date
    free: int
    """How many slots can be booked."""


class Sheet(NamedTuple):
    """A month of a calendar."""

    first: date
    weeks: Sequence[Sequence[Cell | None]]
    """Seven days each; None are those of the months beside it."""
    earlier: date | None
    """The first day of the month before, where there is anything to be seen in it."""
    later: date | None


class Part(NamedTuple):
    """The slots of a part of the day."""

    code: str
    title: str
    """Marked for the translators."""
    slots: Sequence[Slot]


class Range(NamedTuple):
    """The months that can be looked at, by their first days."""

    first: date
    last: date

    def nearest(self, day: date) -> date:
        """Return the month of a date, or the nearest to it that can be looked at."""
        return min(max(day.replace(day=1), self.first), self.last)


def months(today: date, horizon_days: int | None) -> Range:
    """Return the months in which something may be free: a year of them where no policy says."""
    ahead = _LOOK_AHEAD if horizon_days is None else timedelta(days=horizon_days)
    return Range(today.replace(day=1), (today + ahead).replace(day=1))


def end_of(first: date) -> date:
    """Return the last day of the month that begins with a date."""
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def sheet(first: date, free: Mapping[date, int], shown: Range, first_weekday: int) -> Sheet:
    """Return the month that begins with a date, in weeks that begin with a weekday (0: Monday)."""
    weeks = calendar.Calendar(first_weekday).monthdatescalendar(first.year, first.month)
    before, after = first - timedelta(days=1), end_of(first) + timedelta(days=1)
    return Sheet(
        first,
        [[_cell(day, first, free) for day in week] for week in weeks],
        before.replace(day=1) if first > shown.first else None,
        after if first < shown.last else None,
    )


def parts(slots: Iterable[Slot], zone: ZoneInfo) -> list[Part]:
    """Return slots by morning, afternoon and evening, without the parts that have none."""
    hours = [(slot, slot.start.astimezone(zone).hour) for slot in slots]
    found, begin = [], 0
    for end, code, title in _PARTS:
        found.append(Part(code, title, [slot for slot, hour in hours if begin <= hour < end]))
        begin = end
    return [part for part in found if part.slots]


def _cell(day: date, first: date, free: Mapping[date, int]) -> Cell | None:
    return Cell(day, free.get(day, 0)) if day.month == first.month else None

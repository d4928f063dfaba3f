"""A week's hours as a form: some rows a day; those that are left empty say nothing. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from itertools import count
from typing import NamedTuple

from pydantic import ValidationError

from calendula.clinic.hours.schemas import MOST_WINDOWS, WeeklyHoursWindow, minutes
from calendula.pages.forms import Fields
from calendula.timetables import windows
from calendula.timetables.weekdays import Weekday
from calendula.timetables.windows import WeeklyWindow

_PARTS = ("start", "end", "slot_minutes", "valid_from", "valid_until", "every_weeks")
_USUAL_MINUTES = "30"
_NUMBER = re.compile("[0-9]{1,3}")


class Row(NamedTuple):
    """A window as it stands in the form; what it says, by the names of the API's fields."""

    weekday: Weekday
    number: int
    said: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether nobody has said when it begins or ends."""
        return not (self.said.get("start") or self.said.get("end"))

    @property
    def every_weeks(self) -> int:
        """Every how many weeks it comes again."""
        every = self.said.get("every_weeks", "")
        return int(every) if _NUMBER.fullmatch(every) else 1

    @property
    def is_limited(self) -> bool:
        """Whether there is more to it than every week, for good."""
        return self.every_weeks > 1 or any(map(self.day, ("valid_from", "valid_until")))

    def day(self, part: str) -> date | None:
        """Return a date of the row, or None where it has none."""
        try:
            return date.fromisoformat(self.said.get(part, ""))
        except ValueError:
            return None

    def time(self, part: str) -> time:
        """Return a time of the row, which must have it."""
        hour, minute = divmod(minutes(self.said[part]), 60)
        return time(hour % 24, minute)

    def name(self, part: str) -> str:
        """Return the name of a field of the row."""
        return f"{self.weekday}-{self.number}-{part}"


class Wrong(NamedTuple):
    """What is wrong with a week."""

    kinds: Mapping[str, str]
    """Of a field, by its name."""


def rows_of(week: Iterable[WeeklyWindow]) -> list[Row]:
    """Return a week as rows, in its order."""
    numbers = {day: count() for day in Weekday}
    rows = []
    for weekly in week:
        window = WeeklyHoursWindow.of_week(weekly)
        said = window.model_dump(mode="json", exclude={"weekday"}, exclude_none=True)
        texts = {name: str(value) for name, value in said.items()}
        rows.append(Row(window.weekday, next(numbers[window.weekday]), texts))
    return rows


def rows_from(fields: Fields) -> list[Row]:
    """Return the rows that a form says something in, in the order of the form."""
    rows = (
        Row(day, number, {it: fields.get(f"{day}-{number}-{it}", "") for it in _PARTS})
        for day in Weekday
        for number in range(MOST_WINDOWS)
    )
    return [row for row in rows if not row.is_empty]


def with_empty(rows: Sequence[Row], empty: int) -> dict[Weekday, list[Row]]:
    """Return the rows of each day, and so many empty ones behind them; at least two in all."""
    days: dict[Weekday, list[Row]] = {}
    for day in Weekday:
        filled = [
            Row(day, number, row.said)
            for number, row in enumerate(it for it in rows if it.weekday == day)
        ]
        lengths = (it.said["slot_minutes"] for it in (*reversed(filled), *rows))
        blank = {"slot_minutes": next(lengths, _USUAL_MINUTES)}
        last = max(len(filled) + empty, 2)
        days[day] = filled + [Row(day, it, blank) for it in range(len(filled), last)]
    return days


def read(rows: Sequence[Row]) -> list[WeeklyHoursWindow] | Wrong:
    """Return the week that the rows say, or what is wrong with them."""
    found: list[WeeklyHoursWindow] = []
    wrong: dict[str, str] = {}
    for row in rows:
        try:
            found.append(WeeklyHoursWindow.model_validate(_members(row)))
        except ValidationError as error:
            wrong |= _faults(row, error)
    if wrong:
        return Wrong(wrong)
    pair = windows.weekly_collision([it.weekly_window() for it in found])
    if pair is None:
        return found
    second = [it.weekly_window() for it in found].index(pair[1])
    return Wrong({rows[second].name("start"): "overlaps"})


def _members(row: Row) -> dict[str, str | int]:
    members: dict[str, str | int] = {"weekday": row.weekday.value}
    for name, value in row.said.items():
        if value:
            number = name in {"slot_minutes", "every_weeks"} and _NUMBER.fullmatch(value)
            members[name] = int(value) if number else value
    return members


def _faults(row: Row, error: ValidationError) -> dict[str, str]:
    """Return what is wrong with a row; with it as a whole, at its start."""
    faults = {}
    for fault in error.errors(include_input=False, include_url=False):
        part = str(fault["loc"][0]) if fault["loc"] else ""
        shown = part if part in {"start", "end", "slot_minutes"} else "start"
        faults[row.name(shown)] = part if part == shown else "whole"
    return faults

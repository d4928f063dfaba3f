"""When a doctor works, in wall time: windows of a day, and of a week that may rotate. Pure."""

from collections.abc import Iterable
from datetime import date
from itertools import combinations
from math import gcd
from typing import NamedTuple

from calendula.timetables.labels import MINUTES_OF_DAY

_LAST = date.max.toordinal()


class Window(NamedTuple):
    """A part of a day in which slots of one length follow each other; minutes after midnight.

    The end of a window that reaches past midnight is over 1440.
    """

    start_minute: int
    end_minute: int
    slot_minutes: int


class WeeklyWindow(NamedTuple):
    """A window that comes again on a weekday (1 is Monday, ISO 8601), every n-th week.

    Weeks begin on Monday, and are counted from the one of `valid_from` (iCalendar's INTERVAL with
    WKST=MO, RFC 5545 section 3.3.10). Both ends of its validity belong to it; None is no end.
    """

    weekday: int
    window: Window
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1

    def applies_on(self, day: date) -> bool:
        """Tell whether the window begins on this date."""
        return (
            day.isoweekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
            and (
                self.every_weeks == 1
                or (_week(day) - _week(self.valid_from or day)) % self.every_weeks == 0
            )
        )


def collision(windows: Iterable[Window]) -> tuple[Window, Window] | None:
    """Return two windows of one day that share a minute, or None."""
    return next((pair for pair in combinations(windows, 2) if _share(*pair)), None)


def weekly_collision(week: Iterable[WeeklyWindow]) -> tuple[WeeklyWindow, WeeklyWindow] | None:
    """Return two windows that share a minute on some date, or None.

    A window past midnight meets those of the next day, on Sunday those of Monday.
    """
    return next((pair for pair in combinations(week, 2) if _collide(*pair)), None)


def _collide(one: WeeklyWindow, other: WeeklyWindow) -> bool:
    return any(
        _share(one.window, other.window, days * MINUTES_OF_DAY) and _meet(one, other, days)
        for days in (-1, 0, 1)
        if (other.weekday - one.weekday - days) % 7 == 0
    )


def _share(one: Window, other: Window, shift: int = 0) -> bool:
    """Tell whether two windows share a minute, the other one's day beginning `shift` later."""
    return (
        one.start_minute < other.end_minute + shift and other.start_minute + shift < one.end_minute
    )


def _meet(one: WeeklyWindow, other: WeeklyWindow, days: int) -> bool:
    """Tell whether one window applies on a date and the other so many days later.

    If they meet at all, they do within the first weeks of their common validity: after the least
    common multiple of their intervals everything repeats. Only the one's own weeks are looked at,
    which are at most as many as the other's interval.
    """
    soonest = max(_first(one), _first(other) - days, 1 + abs(days))
    first = soonest + (one.weekday - date.fromordinal(soonest).isoweekday()) % 7
    step = _interval(one)
    if one.valid_from:
        first += 7 * ((_week(one.valid_from) - (first - 1) // 7) % step)
    weeks = step * _interval(other) // gcd(step, _interval(other))
    return any(
        one.applies_on(date.fromordinal(day)) and other.applies_on(date.fromordinal(day + days))
        for day in range(first, min(first + 7 * weeks, _LAST), 7 * step)
    )


def _first(window: WeeklyWindow) -> int:
    return window.valid_from.toordinal() if window.valid_from else 1


def _interval(window: WeeklyWindow) -> int:
    return window.every_weeks if window.valid_from else 1


def _week(day: date) -> int:
    """Return the number of a date's week, one more each Monday."""
    return (day.toordinal() - 1) // 7

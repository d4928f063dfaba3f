from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from calendula.pages.booking import days
from calendula.pages.booking.days import Month, Range
from calendula.timetables.slots import Slot

DECEMBER = date(2026, 12, 1)
SHOWN = Range(date(2026, 11, 1), date(2027, 1, 1))
KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(("weekday", "before"), [(0, 1), (6, 2), (5, 3)])
def test_a_month_begins_where_its_week_does(weekday: int, before: int) -> None:
    """The first of December 2026, a Tuesday, has as many days before it as the reader's week."""
    sheet = days.sheet(DECEMBER, {}, SHOWN, weekday)
    first_week = sheet.weeks[0]
    assert [it is None for it in first_week].index(False) == before
    assert all(len(week) == 7 for week in sheet.weeks)
    shown = [it.date for week in sheet.weeks for it in week if it]
    assert shown == [DECEMBER + timedelta(days=n) for n in range(31)]


def test_a_day_has_what_is_free() -> None:
    """A day says how many slots it has; one of which nothing is known has none."""
    sheet = days.sheet(DECEMBER, {date(2026, 12, 3): 5}, SHOWN, 0)
    free = {it.date.day: it.free for week in sheet.weeks for it in week if it}
    assert (free[3], free[4]) == (5, 0)


@pytest.mark.parametrize(
    ("first", "earlier", "later"),
    [
        (date(2026, 11, 1), None, date(2026, 12, 1)),
        (date(2026, 12, 1), date(2026, 11, 1), date(2027, 1, 1)),
        (date(2027, 1, 1), date(2026, 12, 1), None),
    ],
)
def test_months_end(first: date, earlier: date | None, later: date | None) -> None:
    """There is no way to a month that has passed, or that is beyond the horizon."""
    sheet = days.sheet(first, {}, SHOWN, 0)
    assert (sheet.earlier, sheet.later) == (earlier, later)


@pytest.mark.parametrize(
    ("horizon", "last"),
    [(0, date(2026, 11, 1)), (7, date(2026, 12, 1)), (None, date(2027, 11, 1))],
)
def test_the_policy_says_how_far_ahead(horizon: int | None, last: date) -> None:
    """The last month is the horizon's; without one, a year can be looked at."""
    assert days.months(date(2026, 11, 24), horizon) == Range(date(2026, 11, 1), last)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (date(1, 1, 1), date(2026, 11, 1)),
        (date(2026, 12, 31), date(2026, 12, 1)),
        (date(9999, 12, 31), date(2027, 1, 1)),
    ],
)
def test_any_date_has_a_month_to_show(asked: date, shown: date) -> None:
    """A link to a date long ago or far ahead shows the nearest month that there is."""
    assert SHOWN.nearest(asked) == shown


def test_a_day_has_parts() -> None:
    """Slots stand under morning, afternoon and evening by the doctor's clock, not by UTC."""
    hours = [0, 6, 7, 11, 12]  # in UTC, five and a half hours behind
    starts = [datetime(2026, 12, 2, hour, tzinfo=UTC) for hour in hours]
    slots = [Slot(it, it + timedelta(minutes=30), it.date(), "") for it in starts]
    found = {part.code: [it.start.hour for it in part.slots] for part in days.parts(slots, KOLKATA)}
    assert found == {"morning": [0, 6], "afternoon": [7, 11], "evening": [12]}


def test_a_part_without_slots_is_not_there() -> None:
    """A doctor who works in the morning has no empty evening."""
    start = datetime(2026, 12, 2, 9, tzinfo=KOLKATA)
    slot = Slot(start, start + timedelta(minutes=30), start.date(), "")
    assert [part.code for part in days.parts([slot], KOLKATA)] == ["morning"]


@pytest.mark.parametrize("text", ["2026-13", "2026", "2026-12-01", "x", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    """A month is written as 2026-12."""
    month = TypeAdapter[date](Month)
    assert month.validate_python("2026-12") == DECEMBER
    with pytest.raises(ValidationError):
        month.validate_python(text)

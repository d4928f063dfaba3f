from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendula.timetables.windows import WeeklyWindow, Window, collision, weekly_collision

MONDAY = date(2027, 1, 4)
DAYS = 7 * 70
NIGHT = Window(1320, 1560, 30)


@st.composite
def _windows(draw: st.DrawFn) -> Window:
    start = draw(st.integers(0, 23)) * 60
    return Window(start, start + draw(st.integers(1, 24)) * 60, 30)


@st.composite
def _weekly(draw: st.DrawFn) -> WeeklyWindow:
    """Windows whose meetings, if any, lie within seventy weeks from MONDAY."""
    first = MONDAY + timedelta(days=draw(st.integers(0, 30)))
    last = draw(st.none() | st.integers(0, 60).map(lambda days: first + timedelta(days=days)))
    every = draw(st.integers(1, 6))
    return WeeklyWindow(draw(st.integers(1, 7)), draw(_windows()), first, last, every)


def _minutes(weekly: WeeklyWindow) -> set[int]:
    """Return the hours that a window takes, counted from MONDAY."""
    return {
        day * 24 + hour
        for day in range(DAYS)
        if weekly.applies_on(MONDAY + timedelta(days=day))
        for hour in range(weekly.window.start_minute // 60, weekly.window.end_minute // 60)
    }


@given(st.lists(_weekly(), max_size=4))
def test_a_collision_is_an_hour_that_two_windows_take(week: list[WeeklyWindow]) -> None:
    """Windows collide if they share a minute on some date, however they rotate, and only then."""
    pairs = combinations(map(_minutes, week), 2)
    expected = any(not one.isdisjoint(other) for one, other in pairs)
    assert (weekly_collision(week) is not None) == expected


@pytest.mark.parametrize(
    ("every", "anchors", "collide"),
    [
        ((2, 2), (0, 1), False),
        ((2, 2), (0, 2), True),
        ((2, 3), (0, 1), True),
        ((2, 4), (1, 0), False),
        ((52, 51), (0, 7), True),
    ],
)
def test_weeks_take_turns(
    every: tuple[int, int], anchors: tuple[int, int], *, collide: bool
) -> None:
    """Two rotations that never meet in a week may have the same hours; others may not."""
    week = [
        WeeklyWindow(1, NIGHT, MONDAY + timedelta(weeks=anchor), None, weeks)
        for weeks, anchor in zip(every, anchors, strict=True)
    ]
    assert (weekly_collision(week) is not None) == collide


def test_a_night_meets_the_next_morning() -> None:
    """A window past midnight collides with one of the next day, on Sunday with Monday's."""
    sunday, monday = WeeklyWindow(7, NIGHT), WeeklyWindow(1, Window(60, 180, 30))
    assert weekly_collision([sunday, monday]) == (sunday, monday)
    assert weekly_collision([monday, sunday]) == (monday, sunday)
    assert weekly_collision([sunday, WeeklyWindow(1, Window(120, 180, 30))]) is None


def test_windows_of_one_day_collide_where_they_share_a_minute() -> None:
    """Windows that only touch are apart."""
    morning, noon = Window(540, 720, 30), Window(720, 780, 30)
    assert collision([morning, noon]) is None
    assert collision([morning, noon, Window(719, 721, 2)]) == (morning, Window(719, 721, 2))


def test_a_rotation_counts_weeks_from_monday() -> None:
    """Every other week is counted in weeks that begin on Monday, from that of the first date."""
    thursday = date(2027, 1, 7)
    tuesdays = WeeklyWindow(2, NIGHT, thursday, None, 2)
    fridays = WeeklyWindow(5, NIGHT, thursday, date(2027, 1, 22), 2)
    days = [thursday + timedelta(days=n) for n in range(30)]
    assert [day for day in days if tuesdays.applies_on(day)] == [
        date(2027, 1, 19),
        date(2027, 2, 2),
    ]
    assert [day for day in days if fridays.applies_on(day)] == [date(2027, 1, 8), date(2027, 1, 22)]


@pytest.mark.parametrize("first", [date.min, date.max, None])
def test_the_ends_of_the_calendar_are_no_error(first: date | None) -> None:
    """Windows that are valid from the first or the last date are compared like all others."""
    week = [WeeklyWindow(day, Window(0, 1440, 30), first) for day in range(1, 8)]
    assert weekly_collision(week) is None

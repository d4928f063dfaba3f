from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calendula.intervals import Union
from calendula.pages.desk.week import Fullness, of_week, whole
from calendula.timetables.slots import Span
from calendula.timetables.timetable import Timetable
from calendula.timetables.windows import WeeklyWindow, Window

MONDAY = date(2027, 1, 4)
TUESDAY = MONDAY + timedelta(days=1)
SUNDAY = MONDAY + timedelta(days=6)
MORNING = Window(570, 660, 30)
NIGHT = Window(1320, 1500, 30)


def _timetable(*windows: Window, zone: str = "UTC", weekday: int = 1, **other: Any) -> Timetable:
    """A doctor who works these windows on one weekday."""
    week = [WeeklyWindow(weekday, window) for window in windows]
    return Timetable(zone=ZoneInfo(zone), week=week, **other)


def _at(day: date, hour: int, minute: int = 0, minutes: int = 30, zone: str = "UTC") -> Span:
    start = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))
    instant = start.astimezone(UTC)
    return Span(instant, instant + timedelta(minutes=minutes))


def test_hours_are_those_of_the_clock() -> None:
    """A window from 9:30 to 11:00 offers half of nine o'clock's hour and all of ten's."""
    hours = of_week(_timetable(MORNING), [], MONDAY, SUNDAY)
    assert hours == {(MONDAY, 9): Fullness(0, 30), (MONDAY, 10): Fullness(0, 60)}


def test_what_is_booked_fills_its_hours() -> None:
    """An appointment across the full hour fills a part of both hours."""
    hours = of_week(_timetable(MORNING), [_at(MONDAY, 9, 45)], MONDAY, SUNDAY)
    assert hours == {(MONDAY, 9): Fullness(15, 30), (MONDAY, 10): Fullness(15, 60)}


def test_time_off_is_no_offer() -> None:
    """What time off takes is not offered, and what was booked in it before fills nothing."""
    off = Union([_at(MONDAY, 10, minutes=30)])
    booked = [_at(MONDAY, 10), _at(MONDAY, 10, 30)]
    hours = of_week(_timetable(MORNING, time_off=off), booked, MONDAY, SUNDAY)
    assert hours[MONDAY, 10] == Fullness(30, 30)


@pytest.mark.parametrize(
    "closed",
    [
        {"overrides": {MONDAY: []}},
        {"active": False},
        {"time_off": Union([_at(MONDAY, 0, minutes=24 * 60)])},
    ],
    ids=["no hours", "no doctor", "all day off"],
)
def test_a_closed_day_offers_nothing(closed: dict[str, Any]) -> None:
    """A day without hours has no hour that could be full, whatever is booked on it."""
    assert of_week(_timetable(MORNING, **closed), [_at(MONDAY, 10)], MONDAY, SUNDAY) == {}


def test_what_is_booked_outside_the_hours_fills_none() -> None:
    """What was booked beside the hours on purpose makes no hour fuller than full."""
    booked = [_at(MONDAY, 9, minutes=60), _at(MONDAY, 10, minutes=60), _at(MONDAY, 11)]
    hours = of_week(_timetable(MORNING), booked, MONDAY, SUNDAY)
    assert hours[MONDAY, 9] == Fullness(30, 30)
    assert hours[MONDAY, 10] == Fullness(60, 60)
    assert (MONDAY, 11) not in hours


def test_a_night_belongs_to_both_its_dates() -> None:
    """Of a window past midnight, each hour counts on the date that the calendar then shows."""
    hours = of_week(_timetable(NIGHT), [_at(TUESDAY, 0)], MONDAY, SUNDAY)
    assert hours == {
        (MONDAY, 22): Fullness(0, 60),
        (MONDAY, 23): Fullness(0, 60),
        (TUESDAY, 0): Fullness(30, 60),
    }


def test_a_night_reaches_into_the_week_and_out_of_it() -> None:
    """The night before the first date counts from midnight, and that of the last until then."""
    sundays = _timetable(NIGHT, weekday=7)
    assert list(of_week(sundays, [], MONDAY, SUNDAY)) == [(MONDAY, 0), (SUNDAY, 22), (SUNDAY, 23)]


@pytest.mark.parametrize(
    ("day", "minutes"),
    [(date(2027, 3, 28), None), (date(2027, 10, 31), 120)],
    ids=["skipped", "repeated"],
)
def test_a_change_of_the_clock(day: date, minutes: int | None) -> None:
    """An hour that the clock skips is not offered, and one that it repeats is twice as long."""
    nights = _timetable(Window(0, 240, 30), zone="Europe/London", weekday=7)
    hours = of_week(nights, [], day, day)
    one = hours.get((day, 1))
    assert (one and one.offered) == minutes
    assert hours[day, 0] == hours[day, 2] == Fullness(0, 60)


def test_hours_are_the_doctors_own() -> None:
    """Where the zone is half an hour off, hours begin when the doctor's clock says so."""
    kolkata = _timetable(MORNING, zone="Asia/Kolkata")
    hours = of_week(kolkata, [_at(MONDAY, 10, zone="Asia/Kolkata")], MONDAY, SUNDAY)
    assert hours[MONDAY, 10] == Fullness(30, 60)


@pytest.mark.parametrize("edge", [date.min, date.max])
def test_the_calendar_has_ends(edge: date) -> None:
    """At the ends of the calendar there are hours like everywhere else."""
    daily = Timetable(ZoneInfo("UTC"), [WeeklyWindow(edge.isoweekday(), MORNING)])
    assert of_week(daily, [], edge, edge)[edge, 10] == Fullness(0, 60)


def test_a_week_as_a_whole() -> None:
    """All hours together are as full as their minutes, not as the mean of their parts."""
    hours = of_week(_timetable(MORNING), [_at(MONDAY, 9, 30)], MONDAY, SUNDAY)
    assert whole(hours) == Fullness(30, 90)
    assert whole({}) == Fullness(0, 0)


@pytest.mark.parametrize(
    ("booked", "offered", "percent"),
    [(0, 0, 0), (0, 60, 0), (30, 60, 50), (1, 600, 1), (599, 600, 99), (60, 60, 100)],
)
def test_percent(booked: int, offered: int, percent: int) -> None:
    """Nothing is 0 % and all is 100 %; what rounds to them is not."""
    assert Fullness(booked, offered).percent == percent

"""The rows of the day's picture."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from calendula.pages.desk.day import Grid, Place, Stretch, hours_on, stretch_of
from calendula.timetables.timetable import Timetable
from calendula.timetables.windows import Window

DAY = date(2035, 10, 1)
KOLKATA = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("stretches", "first", "last"),
    [
        ([(600, 630)], 600, 660),
        ([(545, 555), (1019, 1021)], 540, 1080),
        ([], 480, 1080),
        ([(0, 1440)], 0, 1440),
        ([(1435, 1440)], 1380, 1440),
    ],
)
def test_the_picture_has_whole_hours(
    stretches: list[tuple[int, int]], first: int, last: int
) -> None:
    """It begins with the hour of the first thing and ends with the hour of the last."""
    assert Grid.over(Stretch(*it) for it in stretches) == Grid(first, last)


def test_a_row_is_five_minutes() -> None:
    """A half hour takes six rows, and the first row is the first hour's."""
    grid = Grid(540, 1020)
    assert grid.rows == 96
    assert grid.place(Stretch(540, 570)) == Place(1, 6)
    assert grid.place(Stretch(602, 611)) == Place(13, 3)
    assert grid.hours[:2] == [(1, time(9)), (13, time(10))]


def test_what_goes_beyond_the_picture_ends_with_it() -> None:
    """Nothing is put in a row that there is not, and whatever there is has a row."""
    grid = Grid(540, 600)
    assert grid.place(Stretch(0, 1440)) == Place(1, 12)
    assert grid.place(Stretch(700, 710)) == Place(12, 1)
    assert grid.place(Stretch(570, 570)) == Place(7, 1)
    assert [grid.shows(Stretch(it, it + 1)) for it in (539, 540, 599, 600)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("start", "end", "zone", "found"),
    [
        ("2035-10-01T04:30", "2035-10-01T05:00", KOLKATA, (600, 630)),
        ("2035-09-30T18:00", "2035-09-30T19:00", KOLKATA, (0, 30)),
        ("2035-10-01T18:00", "2035-10-01T19:00", KOLKATA, (1410, 1440)),
        ("2035-09-29T18:00", "2035-10-03T19:00", KOLKATA, (0, 1440)),
    ],
    ids=["within", "from the evening before", "into the night", "for days"],
)
def test_a_time_is_where_the_doctors_clock_shows_it(
    start: str, end: str, zone: ZoneInfo, found: tuple[int, int]
) -> None:
    """By the wall time of the doctor's zone, as far as it is on the date."""
    instants = [datetime.fromisoformat(it).replace(tzinfo=UTC) for it in (start, end)]
    assert stretch_of(instants[0], instants[1], DAY, zone) == found


def test_a_clock_that_is_set_back_shortens_nothing() -> None:
    """An hour that ends when the clock shows its start again is an hour long."""
    day = date(2035, 10, 28)
    start, end = (
        datetime(2035, 10, 28, 0, 30, tzinfo=UTC),
        datetime(2035, 10, 28, 1, 30, tzinfo=UTC),
    )
    assert stretch_of(start, end, day, BERLIN) == (150, 210)


def test_hours_of_the_night_before_reach_into_the_day() -> None:
    """A window past midnight is in the pictures of both dates."""
    night = {DAY: [Window(1320, 1560, 30)]}
    timetable = Timetable(zone=KOLKATA, week=[], overrides=night)
    assert hours_on(timetable, DAY) == [(1320, 1440)]
    assert hours_on(timetable, date(2035, 10, 2)) == [(0, 120)]

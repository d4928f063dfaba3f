from datetime import date, time

import pytest

from calendula.pages.desk import hours_form
from calendula.pages.desk.hours_form import Row, Wrong
from calendula.timetables.weekdays import Weekday
from calendula.timetables.windows import WeeklyWindow, Window

MORNING = WeeklyWindow(1, Window(540, 720, 30))
ROTATING = WeeklyWindow(1, Window(780, 900, 20), date(2027, 1, 4), date(2027, 12, 31), 2)
NIGHT = WeeklyWindow(7, Window(1320, 1560, 45))
WEEK = [MORNING, ROTATING, NIGHT]


def _fields(rows: list[Row]) -> dict[str, str]:
    return {row.name(part): said for row in rows for part, said in row.said.items()}


def _row(start: str = "09:00", end: str = "12:00", minutes: str = "30", **other: str) -> Row:
    return Row(Weekday.MON, 0, {"start": start, "end": end, "slot_minutes": minutes, **other})


def _kinds(*rows: Row) -> dict[str, str]:
    wrong = hours_form.read(rows)
    assert isinstance(wrong, Wrong)
    return dict(wrong.kinds)


def test_a_week_goes_through_the_form_as_it_is() -> None:
    """Nothing is lost by looking at a week and saving it: neither nights nor rotations."""
    rows = hours_form.rows_from(_fields(hours_form.rows_of(WEEK)))
    read = hours_form.read(rows)
    assert not isinstance(read, Wrong)
    assert [it.weekly_window() for it in read] == WEEK


def test_an_emptied_row_is_gone() -> None:
    """Whoever empties both times of a row takes its hours away."""
    fields = _fields(hours_form.rows_of(WEEK)) | {"mon-0-start": "", "mon-0-end": ""}
    read = hours_form.read(hours_form.rows_from(fields))
    assert not isinstance(read, Wrong)
    assert [it.weekly_window() for it in read] == [ROTATING, NIGHT]


def test_there_is_always_room() -> None:
    """Each day has at least two rows, and an empty one behind those that say something."""
    days = hours_form.with_empty(hours_form.rows_of(WEEK), 1)
    assert [len(rows) for rows in days.values()] == [3, 2, 2, 2, 2, 2, 2]
    assert [row.is_empty for row in days[Weekday.MON]] == [False, False, True]
    assert [row.number for row in days[Weekday.MON]] == [0, 1, 2]


def test_an_empty_row_is_as_long_as_others() -> None:
    """The minutes of an appointment are those of the day's last hours, or of any others."""
    days = hours_form.with_empty(hours_form.rows_of([ROTATING]), 1)
    assert {row.said["slot_minutes"] for rows in days.values() for row in rows} == {"20"}
    assert hours_form.with_empty([], 1)[Weekday.MON][0].said == {"slot_minutes": "30"}


def test_a_day_of_very_many_windows_loses_none() -> None:
    """However many hours a day has, none is left out of the form."""
    many = [WeeklyWindow(2, Window(5 * it, 5 * it + 5, 5)) for it in range(200)]
    rows = hours_form.rows_of(many)
    assert len(hours_form.with_empty(rows, 5)[Weekday.TUE]) == 205
    assert len(hours_form.rows_from(_fields(rows))) == 200


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        (_row(start=""), {"mon-0-start": "start"}),
        (_row(end=""), {"mon-0-end": "end"}),
        (_row(start="9"), {"mon-0-start": "start"}),
        (_row(minutes="none"), {"mon-0-slot_minutes": "slot_minutes"}),
        (_row(minutes="1"), {"mon-0-slot_minutes": "slot_minutes"}),
        (_row(minutes=""), {"mon-0-slot_minutes": "slot_minutes"}),
        (_row(minutes="240"), {"mon-0-start": "whole"}),
        (_row(valid_from="soon"), {"mon-0-start": "whole"}),
        (_row(start="x", end="y"), {"mon-0-start": "start", "mon-0-end": "end"}),
    ],
)
def test_mistakes_have_their_place(row: Row, kinds: dict[str, str]) -> None:
    """What is wrong with a row is known by field; with all of it, at its start."""
    assert _kinds(row) == kinds


def test_hours_may_not_overlap() -> None:
    """Of two windows that share a time, the second one is at fault."""
    assert _kinds(_row(), Row(Weekday.MON, 1, _row(start="11:00").said)) == {
        "mon-1-start": "overlaps"
    }


def test_what_a_row_says() -> None:
    """A row tells its times, and whether it is for every week; what is no date is none."""
    row = hours_form.rows_of([ROTATING])[0]
    assert (row.time("start"), row.every_weeks, row.is_limited) == (time(13), 2, True)
    assert row.day("valid_until") == date(2027, 12, 31)
    assert not _row(valid_from="soon", every_weeks="x").is_limited
    assert hours_form.rows_of([NIGHT])[0].time("end") == time(2)

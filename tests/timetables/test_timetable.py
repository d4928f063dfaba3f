from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendula.intervals import Union
from calendula.timetables import holidays
from calendula.timetables.slots import Span
from calendula.timetables.timetable import Timetable, Visit
from calendula.timetables.windows import WeeklyWindow, Window

MONDAY = date(2027, 1, 4)
TUESDAY = date(2027, 1, 5)
MORNING, NOON, NIGHT = Window(540, 720, 30), Window(720, 780, 30), Window(1320, 1560, 45)

CHANGES = [
    ("Europe/London", date(2027, 3, 28)),
    ("Europe/London", date(2027, 10, 31)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Africa/Casablanca", date(2027, 2, 7)),
    ("Africa/Casablanca", date(2027, 3, 14)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kolkata", date(2027, 3, 28)),
]


def _timetable(*windows: Window, zone: str = "UTC", **other: Any) -> Timetable:
    """A doctor who works these windows each Monday."""
    week = [WeeklyWindow(1, window) for window in windows]
    return Timetable(**{"zone": ZoneInfo(zone), "week": week, "overrides": {}, **other})


def _starts(timetable: Timetable, day: date, visit: Visit | None = None) -> list[str]:
    slots = timetable.slots_on(day, visit)
    return [f"{slot.start.astimezone(timetable.zone):%H:%M}" for slot in slots]


def _at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def test_a_slot_after_midnight_has_the_next_date() -> None:
    """A night window offers its slots under the dates on which they begin."""
    night = _timetable(NIGHT)
    assert [slot.label for slot in night.slots_on(MONDAY)] == [
        "10:00 PM - 10:45 PM",
        "10:45 PM - 11:30 PM",
        "11:30 PM - 12:15 AM",
    ]
    assert [slot.label for slot in night.slots_on(TUESDAY)] == [
        "12:15 AM - 1:00 AM",
        "1:00 AM - 1:45 AM",
    ]
    assert [slot.overnight for slot in night.slots_on(MONDAY)] == [False, False, True]


def test_a_slot_that_ends_at_midnight_is_not_overnight() -> None:
    """11:30 PM - 12:00 AM ends with its day."""
    (slot,) = _timetable(Window(1410, 1440, 30)).slots_on(MONDAY)
    assert (slot.label, slot.overnight) == ("11:30 PM - 12:00 AM", False)


def test_an_override_replaces_the_hours_that_begin_on_its_date() -> None:
    """Other hours on a date leave the night before alone, which began a day earlier."""
    closed = _timetable(NIGHT, overrides={TUESDAY: []})
    assert len(closed.slots_on(TUESDAY)) == 2
    assert len(_timetable(NIGHT, overrides={MONDAY: []}).slots_on(TUESDAY)) == 0
    other = _timetable(MORNING, overrides={TUESDAY: [NOON]})
    assert _starts(other, TUESDAY) == ["12:00", "12:30"]


def test_a_night_gives_way_to_the_hours_of_the_next_date() -> None:
    """Where a night reaches into other hours that an override has set, no time is offered twice."""
    early = Window(0, 120, 30)
    both = _timetable(NIGHT, overrides={TUESDAY: [early, Window(130, 190, 60)]})
    assert _starts(both, MONDAY) == ["22:00", "22:45"]  # 23:30 would end after midnight
    assert _starts(both, TUESDAY) == ["00:00", "00:30", "01:00", "01:30", "02:10"]
    assert _starts(both, TUESDAY, Visit(30)) == ["00:00", "00:30", "01:00", "01:30", "02:10"]
    for slot in both.slots_on(MONDAY) + both.slots_on(TUESDAY):
        assert both.supports(slot.start, slot.end)


def test_an_override_stands_above_a_holiday(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has hours for a holiday works on it; who has none does not."""
    monkeypatch.setattr(holidays, "name_of", lambda code, day: code and day == MONDAY and "Day")
    off = _timetable(MORNING, holidays="XX")
    assert (off.slots_on(MONDAY), off.holiday_on(MONDAY)) == ([], "Day")
    works = _timetable(MORNING, holidays="XX", overrides={MONDAY: [NOON]})
    assert (len(works.slots_on(MONDAY)), works.holiday_on(MONDAY)) == (2, None)


def test_a_holiday_takes_nothing_from_a_day_without_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day on which the doctor never works is closed, holiday or not."""
    monkeypatch.setattr(holidays, "name_of", lambda *_: "Day")
    assert _timetable(MORNING, holidays="XX").holiday_on(TUESDAY) is None


def test_who_is_inactive_offers_nothing() -> None:
    """A doctor who sees no patients has no slots, whatever was said of any date."""
    gone = _timetable(MORNING, active=False, overrides={TUESDAY: [NOON]})
    assert gone.slots_on(MONDAY) == gone.slots_on(TUESDAY) == []
    assert not gone.supports(_at(9), _at(10))


@pytest.mark.parametrize(
    ("visit", "starts"),
    [
        (Visit(60), ["09:00", "09:30", "10:00", "10:30", "11:00"]),
        (Visit(40), ["09:00", "09:30", "10:00", "10:30", "11:00"]),
        (Visit(20), ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
        (Visit(30, buffer_before=5), ["09:30", "10:00", "10:30", "11:00", "11:30"]),
        (Visit(30, buffer_after=5), ["09:00", "09:30", "10:00", "10:30", "11:00"]),
        (Visit(180), ["09:00"]),
        (Visit(181), []),
    ],
)
def test_a_visit_starts_where_it_fits(visit: Visit, starts: list[str]) -> None:
    """A visit is offered at each slot's start from which it lies, with buffers, in the hours."""
    assert _starts(_timetable(MORNING), MONDAY, visit) == starts


def test_a_visit_may_cross_windows_that_meet() -> None:
    """Hours that follow each other without a gap count as one; those with a gap do not."""
    assert "11:30" in _starts(_timetable(MORNING, NOON), MONDAY, Visit(60))
    later = _timetable(MORNING, Window(721, 781, 30))
    assert "11:30" not in _starts(later, MONDAY, Visit(60))


def test_a_visit_may_cross_midnight() -> None:
    """A long visit of the night ends on the next date, also where the next day's hours go on."""
    until_midnight = Timetable(
        zone=ZoneInfo("UTC"),
        week=[WeeklyWindow(1, Window(1320, 1440, 60)), WeeklyWindow(2, Window(0, 60, 60))],
    )
    assert _starts(until_midnight, MONDAY, Visit(120)) == ["22:00", "23:00"]


def test_a_visit_has_windows_of_its_own() -> None:
    """A kind of visit that is for some hours of the week is offered in them alone."""
    early = Visit(30, windows=[(1, 540, 600), (2, 0, 1440)])
    assert _starts(_timetable(MORNING), MONDAY, early) == ["09:00", "09:30"]
    assert _starts(_timetable(MORNING), MONDAY, Visit(30, windows=[(2, 0, 1440)])) == []


def test_support_is_about_hours_and_not_about_slots() -> None:
    """A time is supported if the doctor works all through it, wherever slots begin."""
    timetable = _timetable(MORNING, NOON)
    assert timetable.supports(_at(9, 10), _at(9, 50))
    assert timetable.supports(_at(11, 30), _at(12, 30))
    assert not timetable.supports(_at(8, 50), _at(9, 30))
    assert not timetable.supports(_at(12, 30), _at(13, 1))
    assert not timetable.supports(_at(9, day=TUESDAY), _at(10, day=TUESDAY))


def test_time_off_supports_nothing() -> None:
    """Time off takes every time that shares an instant with it."""
    off = _timetable(MORNING, time_off=Union([Span(_at(10), _at(10, 30))]))
    assert not off.supports(_at(9, 30), _at(10, 1))
    assert off.supports(_at(9, 30), _at(10))
    assert off.supports(_at(10, 30), _at(11))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", date(2027, 3, 28), 23),
        ("Europe/London", date(2027, 10, 31), 25),
        ("America/New_York", date(2027, 3, 14), 23),
        ("Australia/Lord_Howe", date(2027, 10, 3), 23.5),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24.5),
        ("Africa/Casablanca", date(2027, 2, 7), 25),
        ("Africa/Casablanca", date(2027, 3, 14), 23),
        ("Asia/Kolkata", date(2027, 3, 28), 24),
    ],
)
def test_a_whole_day_is_supported_when_clocks_change(zone: str, day: date, hours: float) -> None:
    """Who works all day works 23 to 25 hours when clocks change."""
    all_day = [WeeklyWindow(weekday, Window(0, 1440, 30)) for weekday in range(1, 8)]
    timetable = Timetable(zone=ZoneInfo(zone), week=all_day)
    slots = timetable.slots_on(day)
    assert all(timetable.supports(slot.start, slot.end) for slot in slots)
    midnight = datetime(day.year, day.month, day.day, tzinfo=timetable.zone).astimezone(UTC)
    assert timetable.supports(midnight, midnight + timedelta(hours=hours))
    alone = Timetable(zone=timetable.zone, week=[], overrides={day: [Window(0, 1440, 30)]})
    assert alone.supports(midnight, midnight + timedelta(hours=hours))
    assert not alone.supports(midnight, midnight + timedelta(hours=hours, minutes=1))


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Africa/Casablanca"])
def test_a_night_when_clocks_change_offers_what_comes(zone: str) -> None:
    """A night window offers each hour that the clock shows once, and none that it skips."""
    nights = [WeeklyWindow(weekday, Window(1320, 1740, 60)) for weekday in range(1, 8)]
    timetable = Timetable(zone=ZoneInfo(zone), week=nights)
    for day in (date(2027, 1, 1) + timedelta(days=n) for n in range(365)):
        slots = timetable.slots_on(day)
        walls = [slot.start.astimezone(timetable.zone) for slot in slots]
        assert len({f"{wall:%H:%M}" for wall in walls}) == len(slots) >= 6
        assert all(wall.date() == day and wall.fold == 0 for wall in walls)


def test_the_day_that_never_was_has_no_hours() -> None:
    """Samoa went from 29 to 31 December 2011: nobody could come on the 30th."""
    nights = [WeeklyWindow(weekday, NIGHT) for weekday in range(1, 8)]
    samoa = Timetable(zone=ZoneInfo("Pacific/Apia"), week=nights)
    assert samoa.slots_on(date(2011, 12, 30)) == []
    assert len(samoa.slots_on(date(2011, 12, 29))) == 4  # not the one that would end on the 30th
    assert len(samoa.slots_on(date(2011, 12, 31))) == 5


@st.composite
def _weeks(draw: st.DrawFn) -> list[WeeklyWindow]:
    starts = draw(st.sets(st.integers(0, 287), min_size=1, max_size=4))
    windows = [
        Window(start * 5, start * 5 + draw(st.integers(1, 288)) * 5, draw(st.integers(1, 24)) * 5)
        for start in starts
    ]
    return [WeeklyWindow(weekday, it) for weekday in range(1, 8) for it in windows]


@given(_weeks(), st.sampled_from(CHANGES), st.integers(-1, 1))
def test_what_is_offered_is_supported(
    week: list[WeeklyWindow], change: tuple[str, date], days: int
) -> None:
    """Whatever the hours, and whatever the clocks do, no slot is orphaned when it is booked."""
    zone, day = change
    timetable = Timetable(zone=ZoneInfo(zone), week=week)
    for slot in timetable.slots_on(day + timedelta(days=days)):
        assert timetable.supports(slot.start, slot.end), slot


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Pacific/Apia", "America/New_York"])
def test_the_ends_of_the_calendar_are_no_error(zone: str, day: date) -> None:
    """The first and the last day have slots, also of visits with buffers, or none."""
    all_day = [WeeklyWindow(weekday, Window(0, 1440, 30)) for weekday in range(1, 8)]
    timetable = Timetable(zone=ZoneInfo(zone), week=all_day)
    for visit in None, Visit(60, 240, 240):
        assert all(slot.date == day for slot in timetable.slots_on(day, visit))

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendula import intervals
from calendula.timetables import labels
from calendula.timetables.slots import Slot, slots_of, whole_day
from calendula.timetables.windows import Window

DEFAULT = [Window(540, 720, 30), Window(840, 900, 30)]
ZONES = [
    "UTC",
    "Asia/Kolkata",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "America/St_Johns",
]


@st.composite
def _weeks(draw: st.DrawFn) -> list[Window]:
    """Windows of one day that do not overlap, of any slot length."""
    edges = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=8)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return [Window(start, end, draw(st.integers(5, 480))) for start, end in pairs]


def _labels_on(day: date, zone: str, windows: list[Window]) -> list[str]:
    return [slot.label for slot in slots_of(day, windows, ZoneInfo(zone))]


def _changes(zone: str) -> list[date]:
    """The dates of a zone's clock changes in some years."""
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
    noons = [datetime(d.year, d.month, d.day, 12, tzinfo=ZoneInfo(zone)) for d in days]
    return [b.date() for a, b in pairwise(noons) if a.utcoffset() != b.utcoffset()]


def _check(slots: list[Slot], zone: ZoneInfo, day: date) -> None:
    """See that slots follow each other and agree with their own labels."""
    for one, other in pairwise(slots):
        assert one.end <= other.start
        assert not intervals.overlap(one, other)
    for slot in slots:
        start, end = labels.parse(slot.label)
        assert slot.end - slot.start == timedelta(minutes=end - start)
        wall = slot.start.astimezone(zone)
        assert (wall.date(), wall.hour * 60 + wall.minute) == (day, start)
        assert slot.date == day


def test_the_default_day_has_eight_slots() -> None:
    """The default week offers eight half hours a day, in time order."""
    assert _labels_on(date(2025, 2, 7), "UTC", DEFAULT) == [
        "9:00 AM - 9:30 AM",
        "9:30 AM - 10:00 AM",
        "10:00 AM - 10:30 AM",
        "10:30 AM - 11:00 AM",
        "11:00 AM - 11:30 AM",
        "11:30 AM - 12:00 PM",
        "2:00 PM - 2:30 PM",
        "2:30 PM - 3:00 PM",
    ]


def test_a_slot_is_an_instant_in_the_doctors_zone() -> None:
    """10:00 AM in Kolkata is 4:30 in UTC."""
    slot = slots_of(date(2025, 2, 7), [Window(600, 630, 30)], ZoneInfo("Asia/Kolkata"))[0]
    assert slot.start == datetime(2025, 2, 7, 4, 30, tzinfo=UTC)


def test_a_rest_that_holds_no_slot_is_not_offered() -> None:
    """A window of fifty minutes holds one slot of half an hour."""
    assert _labels_on(date(2025, 2, 7), "UTC", [Window(0, 50, 30)]) == ["12:00 AM - 12:30 AM"]


@pytest.mark.parametrize(
    ("zone", "day", "gone"),
    [
        ("Europe/London", date(2026, 3, 29), {"1:00 AM - 1:30 AM", "1:30 AM - 2:00 AM"}),
        ("America/New_York", date(2026, 3, 8), {"2:00 AM - 2:30 AM", "2:30 AM - 3:00 AM"}),
        ("Australia/Lord_Howe", date(2026, 10, 4), {"2:00 AM - 2:30 AM"}),
        ("Africa/Casablanca", date(2026, 3, 22), {"2:00 AM - 2:30 AM", "2:30 AM - 3:00 AM"}),
    ],
)
def test_a_time_that_the_clock_skips_is_not_offered(zone: str, day: date, gone: set[str]) -> None:
    """On the day that clocks go forward, the slots that never come are missing, and only they."""
    day_long = [Window(0, 1440, 30)]
    whole = _labels_on(date(2026, 1, 15), zone, day_long)
    assert set(whole) - set(_labels_on(day, zone, day_long)) == gone


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/London", date(2026, 10, 25)),
        ("America/New_York", date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Africa/Casablanca", date(2026, 2, 15)),
    ],
)
def test_a_time_that_the_clock_repeats_is_offered_once(zone: str, day: date) -> None:
    """On the day that clocks go back, each slot is offered once, the first time it comes."""
    slots = slots_of(day, [Window(0, 1440, 30)], ZoneInfo(zone))
    assert len(slots) == len({slot.label for slot in slots}) == 48
    assert all(slot.start.astimezone(ZoneInfo(zone)).fold == 0 for slot in slots)


def test_the_day_that_never_was_has_no_slots() -> None:
    """Samoa went from 29 to 31 December 2011: nobody could come on the 30th."""
    assert _labels_on(date(2011, 12, 30), "Pacific/Apia", DEFAULT) == []
    assert len(_labels_on(date(2011, 12, 31), "Pacific/Apia", DEFAULT)) == 8


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_no_error(zone: str, day: date) -> None:
    """The first and the last day have the slots that can be said in UTC."""
    _check(slots_of(day, [Window(0, 1440, 30)], ZoneInfo(zone)), ZoneInfo(zone), day)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2027, 2, 26), "Asia/Kolkata", 24),
        (date(2027, 3, 28), "Europe/London", 23),
        (date(2027, 10, 31), "Europe/London", 25),
        (date(2011, 12, 30), "Pacific/Apia", 0),
    ],
    ids=range(4),
)
def test_a_whole_day_goes_from_midnight_to_midnight(day: date, zone: str, hours: int) -> None:
    """It is as long as the clocks of its zone let it be."""
    whole = whole_day(day, ZoneInfo(zone))
    assert whole is not None
    assert whole.end - whole.start == timedelta(hours=hours)
    assert whole.end.astimezone(ZoneInfo(zone)).time() == time()


@pytest.mark.parametrize(
    ("day", "zone"), [(date.min, "Asia/Kolkata"), (date.max, "UTC")], ids=["first", "last"]
)
def test_the_ends_of_the_calendar_have_no_whole_day(day: date, zone: str) -> None:
    """A day whose midnights cannot both be said is None, and no error."""
    assert whole_day(day, ZoneInfo(zone)) is None


@given(_weeks(), st.sampled_from(ZONES), st.dates())
def test_slots_never_overlap(windows: list[Window], zone: str, day: date) -> None:
    """Slots of any timetable, in any zone, on any date follow each other and are what they say."""
    _check(slots_of(day, windows, ZoneInfo(zone)), ZoneInfo(zone), day)


@given(_weeks(), st.data())
def test_slots_never_overlap_when_clocks_change(windows: list[Window], data: st.DataObject) -> None:
    """Nor on the very days of the change, from the day before to the day after."""
    zone = data.draw(st.sampled_from([zone for zone in ZONES if _changes(zone)]))
    day = data.draw(st.sampled_from(_changes(zone))) + timedelta(days=data.draw(st.integers(-1, 1)))
    _check(slots_of(day, windows, ZoneInfo(zone)), ZoneInfo(zone), day)

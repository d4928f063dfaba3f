import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendula.timetables import labels

minutes = st.integers(0, 1439)


@given(minutes, st.integers(1, 1440))
def test_what_is_written_can_be_read(start: int, length: int) -> None:
    """Every slot of a day has a label that reads as that slot again."""
    end = min(start + length, 1440)
    assert labels.parse(labels.write(start, end)) == (start, end)


@pytest.mark.parametrize(
    "label",
    [
        "10:00 AM - 10:30 AM",
        "10:00 am-10:30 am",
        "10:00-10:30",
        "10:00 – 10:30",
        "  10:00\u202fAM — 10:30\u00a0AM ",
        "10 am - 10:30 a.m.",
        "10:00AM to 10:30AM",
    ],
)
def test_people_may_write_it_their_way(label: str) -> None:
    """Case, spaces, dashes and the 24-hour clock do not matter; one canonical form comes out."""
    assert labels.canonical(label) == "10:00 AM - 10:30 AM"


@pytest.mark.parametrize(
    ("label", "canonical"),
    [
        ("12:00 AM - 12:30 AM", "12:00 AM - 12:30 AM"),
        ("11:30-12:00", "11:30 AM - 12:00 PM"),
        ("23:30-24:00", "11:30 PM - 12:00 AM"),
        ("11:30 PM - 12:00 AM", "11:30 PM - 12:00 AM"),
        ("09:00 AM - 09:30 AM", "9:00 AM - 9:30 AM"),
    ],
)
def test_noon_and_midnight_are_told_apart(label: str, canonical: str) -> None:
    """12 AM is midnight, 12 PM is noon, and an end at midnight belongs to the day."""
    assert labels.canonical(label) == canonical


@pytest.mark.parametrize(
    "label",
    [
        "morning",
        "10:00 AM",
        "10:30 AM - 10:00 AM",
        "10:00 AM - 10:00 AM",
        "11:30 PM - 12:30 AM",
        "13:00 PM - 13:30 PM",
        "0:00 AM - 0:30 AM",
        "10:60 - 11:00",
        "24:30 - 25:00",
        "10:00 AM - 10:30",
        "١٠:٠٠ - ١٠:٣٠",
        "10:00 - 10:30 - 11:00",
        " " * 100,
        "1" * 1000,
    ],
)
def test_what_is_no_slot_is_refused(label: str) -> None:
    """A text that is no slot, ends before it starts or crosses midnight is refused."""
    with pytest.raises(ValueError, match="must"):
        labels.parse(label)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is sent is either a slot within one day or a ValueError."""
    try:
        start, end = labels.parse(text)
    except ValueError:
        return
    assert 0 <= start < end <= labels.MINUTES_OF_DAY

from datetime import date

import pytest

from calendula.timetables import holidays


@pytest.mark.parametrize(
    ("code", "day", "name"),
    [
        ("DE", date(2026, 10, 3), "German Unity Day"),
        ("DE-BY", date(2026, 1, 6), "Epiphany"),
        ("DE", date(2026, 1, 6), None),
        ("IN", date(2026, 1, 26), "Republic Day"),
        ("DE-BY", date(2026, 1, 7), None),
        (holidays.NONE, date(2026, 1, 1), None),
        (None, date(2026, 1, 1), None),
    ],
)
def test_a_holiday_has_a_name(code: str | None, day: date, name: str | None) -> None:
    """A date is a holiday of a country, or of a part of one, or no holiday."""
    assert holidays.name_of(code, day) == name


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_have_no_holidays(day: date) -> None:
    """Where nobody knows the holidays, there are none."""
    assert holidays.name_of("DE", day) is None


@pytest.mark.parametrize("code", ["IN", "IN-KA", "DE-BY", "GB-SCT", "MA", "WS"])
def test_calendars_are_known_by_iso_codes(code: str) -> None:
    """A country's code is a calendar, and so is a part's behind it."""
    assert holidays.known_calendar(code) == code


@pytest.mark.parametrize(
    "code", ["", "XX", "de", "DE-", "DE-XX", "-BY", "DE-BY-BY", "INDIA", "none"]
)
def test_other_codes_are_refused(code: str) -> None:
    """What is no code of ISO 3166 with known holidays is told so."""
    with pytest.raises(ValueError, match="ISO 3166"):
        holidays.known_calendar(code)


@pytest.mark.parametrize("year", [1999, 2026, 2035, 2099])
def test_what_is_known_of_a_year_is_told(year: int) -> None:
    """A year of which not all holidays are known has the others, without a warning."""
    assert holidays.name_of("IN", date(year, 10, 2)) == "Mahatma Gandhi's Birthday"

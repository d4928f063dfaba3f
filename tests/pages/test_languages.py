from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request

from calendula.pages import languages
from calendula.pages.reader import Reader

KOLKATA = ZoneInfo("Asia/Kolkata")
HALF_PAST_TWO = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


def _reader(accept: str, cookie: str | None = None) -> Reader:
    headers = [(b"accept-language", accept.encode())]
    if cookie:
        headers.append((b"cookie", f"language={cookie}".encode()))
    return Reader(Request({"type": "http", "headers": headers, "path": "/"}))


@pytest.mark.parametrize(
    ("accept", "code", "locale"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "de_AT"),
        ("fr-FR,hi;q=0.4,ar;q=0.7", "ar", "ar"),
        ("en;q=0.1, ar-EG", "ar", "ar_EG"),
        ("EN-gb", "en", "en_GB"),
        ("hi-IN", "hi", "hi_IN"),
        ("de;q=0, hi", "hi", "hi"),
        ("fr, es", "en", "en"),
        ("", "en", "en"),
        ("*", "en", "en"),
        ("de-XX-nonsense", "de", "de"),
        ("en-" + "x" * 5000, "en", "en"),
        (";;;,,q=9", "en", "en"),
    ],
)
def test_the_browser_chooses(accept: str, code: str, locale: str) -> None:
    """The first of the browser's languages that the pages speak is theirs, with its region."""
    reader = _reader(accept)
    assert (reader.language.code, str(reader.locale)) == (code, locale)


@pytest.mark.parametrize(
    ("cookie", "accept", "locale"),
    [("ar", "de-DE", "ar"), ("en", "de, en-GB", "en_GB"), ("xx", "de", "de")],
)
def test_the_reader_chooses_before_the_browser(cookie: str, accept: str, locale: str) -> None:
    """A language that was switched to stays, in the manner of the reader's own region."""
    assert str(_reader(accept, cookie).locale) == locale


@pytest.mark.parametrize(
    ("accept", "clock"), [("en-US", "2:30\u202fPM"), ("en-GB", "14:30"), ("de", "14:30")]
)
def test_times_are_written_as_the_reader_writes_them(accept: str, clock: str) -> None:
    """Half past two in the clinic is half past two for everybody, each in their own manner."""
    assert _reader(accept).time(HALF_PAST_TWO, KOLKATA) == clock


def test_dates_are_written_as_the_reader_writes_them() -> None:
    """A date has its weekday, and its parts in the reader's order."""
    day = HALF_PAST_TWO.date()
    assert _reader("en-GB").date(day) == "Thursday, 3 December 2026"
    assert _reader("en-US").date(day) == "Thursday, December 3, 2026"
    assert _reader("de").date(day) == "Donnerstag, 3. Dezember 2026"
    assert _reader("de").month(day) == "Dezember 2026"


def test_a_zone_has_a_name_in_each_language() -> None:
    """A reader learns in their own words whose clock is meant."""
    assert _reader("en").zone(HALF_PAST_TWO, KOLKATA) == "India Time"
    assert (
        _reader("de").zone(HALF_PAST_TWO, ZoneInfo("Europe/Berlin"))
        == "Mitteleuropäische Normalzeit"
    )
    assert _reader("en").zone(HALF_PAST_TWO, ZoneInfo("UTC")) == "Coordinated Universal Time"


def test_arabic_is_written_from_right_to_left() -> None:
    """Pages in Arabic say so, and the others say that they are not."""
    directions = {code: _reader(code).direction for code in languages.LANGUAGES}
    assert directions == {"en": "ltr", "hi": "ltr", "de": "ltr", "ar": "rtl"}


@pytest.mark.parametrize(
    ("accept", "short"), [("en-GB", "Tue"), ("de", "Di"), ("hi", "मंगल"), ("ar", "ث")]
)
def test_a_weekday_fits_above_its_column(accept: str, short: str) -> None:
    """A weekday has its short name, or its letter where the language has no short one."""
    assert _reader(accept).short_weekday(1) == short


def test_a_week_begins_where_the_reader_begins_it() -> None:
    """Weeks begin on Monday in Germany, on Sunday in the United States."""
    assert (_reader("de-DE").first_weekday, _reader("en-US").first_weekday) == (0, 6)

"""Whatever is sent is read as what it says, or refused by the one error that is documented.

What is written here is read back the same, and a normal form is its own. Bounded in `make test`;
`make fuzz` tries 20,000 of each. Hypothesis alone: nearly all is Python, and what is not (the
workbooks' reader in Rust, pydantic) would need a build of its own before a fuzzer that counts
branches saw more of it.
"""

import unicodedata
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from calendula import names
from calendula.errors import Invalid
from calendula.http import fields
from calendula.http.pagination import cursor_behind, read_cursor
from calendula.settings import known_time_zone
from calendula.timetables import labels
from fuzz.mistyped import mistyped

_LABELS = st.from_regex(
    r"[01]?\d(:[0-5]\d)? ?([ap]m)? ?[-–] ?[01]?\d(:[0-5]\d)? ?([AP]M)?", fullmatch=True
)


@given(mistyped(_LABELS))
def test_a_label_has_one_normal_form(text: str) -> None:
    """A label is refused, or is a slot of one day whose canonical label says the same."""
    try:
        start, end = labels.parse(text)
    except ValueError:
        return
    assert 0 <= start < end <= labels.MINUTES_OF_DAY
    canonical = labels.canonical(text)
    assert labels.parse(canonical) == (start, end)
    assert labels.canonical(canonical) == canonical


_VALUES = st.tuples(
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.uuids(),
    st.integers(-(2**62), 2**62),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
)


@given(_VALUES)
def test_a_cursor_is_read_as_it_was_written(values: tuple[Any, ...]) -> None:
    """Behind which row a list goes on survives the way to the client and back."""
    assert read_cursor(cursor_behind(*values), *map(type, values)) == list(values)


_CURSORS = st.builds(cursor_behind, st.datetimes(timezones=st.just(UTC)), st.uuids())
_STRETCHED = st.builds(
    lambda cursor, at, more: cursor[:at] + more + cursor[at:],
    _CURSORS,
    st.integers(0, 120),
    st.text("=!~.\n \0é", min_size=1, max_size=3),  # what a lenient reader skips
)


@given(mistyped(_CURSORS) | _STRETCHED)
def test_a_cursor_is_what_was_given_out(text: str) -> None:
    """Any other text is refused, and never taken for a cursor that it only looks like."""
    try:
        values = read_cursor(text, datetime, UUID)
    except Invalid:
        return
    assert cursor_behind(*values) == text


@given(mistyped(st.text(st.characters(categories=["L", "M", "Z", "P"]))))
def test_a_name_has_one_normal_form(text: str) -> None:
    """A name is refused, or is kept in a form that is its own, and so are its key and look."""
    try:
        name = names.clean(text)
    except ValueError:
        return
    assert names.clean(name) == name == unicodedata.normalize("NFC", name)
    assert names.key(names.key(name)) == names.key(name)
    assert names.plain(names.plain(name)) == names.plain(name)
    assert names.mentions(name, name) in {True, False}


@given(mistyped(st.sampled_from(["UTC", "Europe/Berlin", "../UTC", "Asia/Kolkata\0", "posix/UTC"])))
def test_a_zone_is_known_or_refused(text: str) -> None:
    """No text reads a file that is no time zone."""
    try:
        zone = known_time_zone(text)
    except ValueError:
        return
    assert zone == text
    assert ".." not in zone
    assert not zone.startswith("/")


@given(mistyped(st.dates().map(str)))
def test_a_date_is_written_as_it_was_read(text: str) -> None:
    """A date is of the calendar, in its one form, or none."""
    day = fields.parse_date(text)
    assert day is None or (day.isoformat() == text and isinstance(day, date))


_INSTANT: TypeAdapter[datetime] = TypeAdapter(fields.Instant)


@given(mistyped(st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)))
def test_an_instant_is_aware(text: str) -> None:
    """An instant is one of RFC 3339, in UTC, or refused; its normal form is its own."""
    try:
        instant = _INSTANT.validate_python(text)
    except ValidationError:
        return
    assert instant.tzinfo is UTC
    assert _INSTANT.validate_python(instant.isoformat()) == instant


@pytest.mark.parametrize("kind", [fields.Email, fields.Phone, fields.Note, fields.Identifier])
@given(
    text=mistyped(st.from_regex(r"[a-z0-9+ ().-]{1,20}(@[a-z]{1,8}\.[a-z]{2,3})?", fullmatch=True))
)
def test_a_contact_has_one_normal_form(kind: Any, text: str) -> None:
    """An address, number, note or identifier is refused, or kept in a form that is its own."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    try:
        kept = adapter.validate_python(text)
    except ValidationError:
        return
    assert kept is None or adapter.validate_python(kept) == kept
    assert kept is None or "\0" not in kept

"""Whatever is sent is read as what it says, or refused by the one error that is documented.

What is written here is read back the same, and a normal form is its own. Bounded in `make test`;
`make fuzz` tries 20,000 of each. Hypothesis alone: nearly all is Python, and what is not (the
workbooks' reader in Rust, pydantic) would need a build of its own before a fuzzer that counts
branches saw more of it.
"""

import asyncio
import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI, HTTPException, Request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from calendula import names
from calendula.access import keys
from calendula.errors import Invalid, Stale
from calendula.http import dependencies, etags, fields, json_body
from calendula.http.dependencies import InvalidIdempotencyKey
from calendula.http.middleware import request_id_of
from calendula.http.pagination import cursor_behind, read_cursor
from calendula.imports import files
from calendula.imports.files import Kind
from calendula.imports.records import COLUMNS
from calendula.imports.table import Unreadable
from calendula.pages import languages
from calendula.settings import known_time_zone
from calendula.timetables import labels
from fuzz.mistyped import damaged, mistyped
from support.tables import csv_of, xlsx_of

_HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=300)
_LABELS = st.from_regex(
    r"[01]?\d(:[0-5]\d)? ?([ap]m)? ?[-–] ?[01]?\d(:[0-5]\d)? ?([AP]M)?", fullmatch=True
)
_ROWS = st.lists(
    st.fixed_dictionaries({}, optional={name: st.text(max_size=20) for name in COLUMNS}),
    max_size=5,
)


def _request(name: str, *values: str) -> Request:
    headers = [(name.lower().encode(), value.encode("latin-1")) for value in values]
    return Request({"type": "http", "headers": headers, "app": FastAPI(), "query_string": b""})


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


@given(mistyped(st.builds(lambda: keys.make().text)))
def test_a_key_is_known_by_its_form(text: str) -> None:
    """What has a handle is a key in ASCII, and any text at all has a digest."""
    handle = keys.handle_of(text)
    assert handle is None or text.startswith(f"cal_{handle}_")
    assert handle is None or (text.isascii() and len(text) == len(keys.make().text))
    assert text.isascii() is False or len(keys.digest(text)) == 32


@given(mistyped(st.from_regex(r'"([ !#-\[\]-~]|\\["\\]){1,260}"|[!#-~]{1,260}', fullmatch=True)))
def test_an_idempotency_key_is_printable_ascii(text: str) -> None:
    """A header is one key of 1 to 255 characters, bare or quoted, or is refused."""
    try:
        key = asyncio.run(dependencies._idempotency_key(_request("idempotency-key"), text))  # noqa: SLF001 - FastAPI calls it
    except InvalidIdempotencyKey:
        return
    assert key is not None
    assert 1 <= len(key) <= 255
    assert key.isascii()
    assert key.isprintable()
    quoted = '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert asyncio.run(dependencies._idempotency_key(_request("idempotency-key"), quoted)) == key  # noqa: SLF001


@given(mistyped(st.from_regex(r'(W/)?"[0-9]{1,3}"(, ?(W/)?"[0-9]{1,3}")*|\*', fullmatch=True)))
def test_a_version_is_matched_or_stale(text: str) -> None:
    """An If-Match lets through exactly the versions that it names, strongly."""
    header = text.encode("latin-1", "ignore").decode("latin-1")
    wanted = asyncio.run(etags._if_match(_request("if-match", header), header))  # noqa: SLF001
    for version in 1, 22, 333:
        try:
            wanted.check(version)
        except Stale:
            continue
        assert wanted.tags is None or f'"{version}"' in header
    assert etags.seen("7").tags == frozenset({'"7"'})


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(_JSON, st.booleans())
def test_json_is_read_as_it_was_written(value: Any, ascii_only: bool) -> None:
    """What a client says in JSON arrives as it was, escaped or not."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert json_body.parse(text.encode()) == value


@given(damaged(st.builds(lambda it: json.dumps(it).encode(), _JSON)))
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """Any bytes are JSON that can be stored as UTF-8, or get 400 or 422."""
    status, value = 200, None
    try:
        value = json_body.parse(body)
    except HTTPException as error:
        status = error.status_code
    assert status in {200, 400, 422}
    json.dumps(value, ensure_ascii=False).encode()


@given(
    mistyped(st.from_regex(r"application/([a-z]+\+)?json(; ?charset=[a-z0-9-]+)?", fullmatch=True))
)
def test_a_content_type_is_read(text: str) -> None:
    """Whatever a client calls its body, it is JSON or it is not."""
    header = text.encode("latin-1", "ignore").decode("latin-1")
    assert json_body._is_json(header) in {True, False}  # noqa: SLF001


@given(_HEADER)
def test_a_request_id_is_safe_to_log(text: str) -> None:
    """An id of the client's is short and plain, or is replaced."""
    found = request_id_of([(b"x-request-id", text.encode("latin-1"))])
    assert found == text or len(found) == 32
    assert len(found) <= 64
    assert not set(found) & set('"\\ \r\n\0')


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


@given(
    mistyped(
        st.from_regex(
            r"[a-z]{2}(-[A-Z]{2})?(;q=[01]\.[0-9])?(, ?[a-z]{2}(;q=0\.[0-9])?)*", fullmatch=True
        )
    )
)
def test_every_reader_gets_a_language(text: str) -> None:
    """Whatever a browser prefers, the page speaks one of its languages."""
    for cookie in (None, text, "de"):
        choice = languages.choose(cookie, text)
        assert choice.language.code in languages.LANGUAGES


def _cells(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    stripped = [{name: cell.strip() for name, cell in row.items()} for row in rows]
    return [cells for row in stripped if (cells := {name: it for name, it in row.items() if it})]


@pytest.mark.parametrize(("kind", "write"), [(Kind.CSV, csv_of), (Kind.XLSX, xlsx_of)])
@given(rows=_ROWS)
def test_a_table_is_read_as_it_was_written(
    kind: Kind, write: Callable[[Any], bytes], rows: list[dict[str, str]]
) -> None:
    """The rows of a file are those that were written into it, whatever their cells hold."""
    wanted = _cells(rows)
    try:
        read = files.read(write(rows), kind)
    except Unreadable:
        held = "".join(cell for row in rows for cell in row.values())
        assert not wanted or "\0" in held or "\r" in held
        return
    assert [dict(row.cells) for row in read] == wanted


@pytest.mark.parametrize(("kind", "write"), [(Kind.CSV, csv_of), (Kind.XLSX, xlsx_of)])
@given(data=st.data())
def test_a_damaged_table_is_refused(
    kind: Kind, write: Callable[[Any], bytes], data: st.DataObject
) -> None:
    """Any bytes at all are a table, or a sentence says why not."""
    whole = st.just(write([{"record": "doctor", "doctor": "Dr. Ada", "specialty": "Surgery"}]))
    try:
        rows = files.read(data.draw(damaged(whole)), kind)
    except Unreadable:
        return
    assert all(set(row.cells) <= set(COLUMNS) for row in rows)

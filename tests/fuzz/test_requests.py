"""Headers and bodies are read as what they say, or refused; see `test_parsers.py`."""

import asyncio
import json
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from hypothesis import given
from hypothesis import strategies as st

from calendula.access import keys
from calendula.errors import Stale
from calendula.http import dependencies, etags, json_body
from calendula.http.dependencies import InvalidIdempotencyKey
from calendula.http.middleware import request_id_of
from calendula.pages import languages
from fuzz.mistyped import damaged, mistyped

_HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=300)


def _request(name: str, *values: str) -> Request:
    headers = [(name.lower().encode(), value.encode("latin-1")) for value in values]
    return Request({"type": "http", "headers": headers, "app": FastAPI(), "query_string": b""})


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

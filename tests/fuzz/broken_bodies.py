"""The rows of the table of bad inputs about what is no JSON, or no body at all."""

from collections.abc import Iterator

from calendula.imports.table import MAX_FILE
from fuzz import values
from fuzz.sending import TEXTS, Sent, ask, path_of
from fuzz.values import MARK
from support import openapi
from support.openapi import Operation


def half_characters(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A JSON string holding a lone surrogate, as value or as key."""
    for place in operation.places:
        if place.kind in TEXTS:
            body = openapi.put_raw(operation.body(), place.steps, f'"{MARK}\\ud800"')
            yield ask(operation, ids, 422, body=body)
    if operation.has_json:
        yield ask(operation, ids, 422, body={**operation.body(), "\udfff": 1})
    for parameter in operation.query:
        yield ask(operation, ids, 422, path=f"{path_of(operation, ids)}?{parameter.name}=%ed%a0%80")


def no_numbers(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """`NaN`, `1e999` where a number is wanted."""
    for place in operation.places:
        for raw in "NaN", "1e999", "-Infinity":
            body = openapi.put_raw(operation.body(), place.steps, raw)
            yield ask(operation, ids, 422, body=body)


def no_json(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """100,000 levels of nesting; invalid UTF-8; UTF-16. So many are over 64 KiB, too."""
    if operation.has_json:
        yield ask(operation, ids, 413, body=b"[" * 100_000)
        yield from (ask(operation, ids, 400, body=it) for it in values.NO_JSON)


def other_types(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """Another content type than JSON."""
    if operation.content_types:
        body = operation.body() or b"x"
        for it in values.NO_TYPES:
            yield ask(operation, ids, 415, body=body, headers={"Content-Type": it})


def too_large(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """A body over 64 KiB, chunked too."""
    if operation.content_types:
        size = 64 * 1024 if operation.has_json else MAX_FILE
        yield ask(operation, ids, 413, body=b" " * (size + 1))
        chunked = ask(operation, ids, 413)
        yield chunked._replace(content=[b" " * size, b" "])


def no_object(operation: Operation, ids: dict[str, str]) -> Iterator[Sent]:
    """Empty body, `[]`, `null`, a bare string."""
    if operation.has_json:
        yield from (ask(operation, ids, 422, body=it) for it in values.NO_OBJECT)

"""What is sent to an operation: a request that is right but for one thing."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from support import openapi
from support.openapi import Operation

TEXTS = {"string", "identifier", "note", "label", "zone", "email"}
"""The kinds of value that are written as one."""


class Sent(NamedTuple):
    """A request, and the statuses that are right."""

    path: str
    right: tuple[int, ...]
    content: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - read alone
    method: str = ""
    """Where it is not the operation's own."""


Row = Callable[[Operation, dict[str, str]], Iterator[Sent]]
"""What to send to an operation, with the ids of what is there."""


def ask(
    operation: Operation, ids: dict[str, str], *right: int, body: Any = None, **other: Any
) -> Sent:
    """Return a request to an operation that is right but for what is told."""
    kinds = operation.content_types
    if body is None:
        body = (
            json.dumps(operation.body()).encode() if operation.has_json else b"" if kinds else None
        )
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = {"Content-Type": kinds[0]} if kinds else {}
    if operation.name == "list_events":
        headers["Authorization"] = f"Bearer {ids['auditors_key']}"
    headers |= other.pop("headers", {})
    return Sent(other.pop("path", path_of(operation, ids)), right, body, headers, **other)


def path_of(operation: Operation, ids: dict[str, str], **other: str) -> str:
    """Return the operation's path to what is there but for what is told."""
    return operation.path.format(**{**ids, **other})


def fill(
    operation: Operation, ids: dict[str, str], kinds: Iterable[str], bad: list[Any]
) -> Iterator[Sent]:
    """Yield the operation's body with each bad value in each place of some kinds."""
    for place in operation.places:
        for value in bad if place.kind in set(kinds) else ():
            body = openapi.put(operation.body(), place.steps, value)
            yield ask(operation, ids, 422, 413, body=body)


def query(
    operation: Operation, ids: dict[str, str], kinds: Iterable[str], bad: list[Any]
) -> Iterator[Sent]:
    """Yield the operation's path with each bad value for each parameter of some kinds."""
    for parameter in operation.query:
        for value in bad if parameter.kind in set(kinds) else ():
            path = f"{path_of(operation, ids)}?{parameter.name}={quote(str(value)[:4000])}"
            yield ask(operation, ids, 422, path=path)


def everywhere(
    operation: Operation, ids: dict[str, str], kinds: Iterable[str], bad: list[Any]
) -> Iterator[Sent]:
    """Yield both: in the body and in the query."""
    yield from fill(operation, ids, kinds, bad)
    yield from query(operation, ids, kinds, bad)

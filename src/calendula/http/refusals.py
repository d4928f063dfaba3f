"""Answers to requests that come too large, too slowly, too many at a time or as no HTTP at all."""

import json
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus

from calendula import logs, metrics
from calendula.http import problems
from calendula.http.middleware import level_of, request_id_of

MAX_URL = 8 * 1024
"""Bytes."""
MAX_HEAD = 16 * 1024
"""Bytes of a request's address and header fields."""
MAX_FIELDS = 100
"""Header fields of a request."""

_DETAILS = {
    400: "The request is not valid HTTP.",
    408: "The request came too slowly.",
    414: f"The address must have at most {MAX_URL // 1024} KiB.",
    429: "Too many connections from here are open.",
    431: f"The header must have at most {MAX_HEAD // 1024} KiB and {MAX_FIELDS} fields.",
    503: "Too many connections are open.",
}
_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


def note(method: str, status: HTTPStatus) -> None:
    """Count an answer to what no app was asked for, and write its line, as `RequestLog` does.

    It took the service no time; how long its client took is no matter of the service's.
    """
    metrics.request(method, None, status.value, 0.0)
    logs.request(level_of(status, None), request_id_of(()), method, None, status.value, 0.0)


def write(status: HTTPStatus, dated: Iterable[tuple[bytes, bytes]], ours: bytes) -> bytes:
    """Return an answer to what no app was asked for, as it goes over the wire.

    It has the headers of each moment, `dated`, and the lines of all answers.
    """
    title, body = _body(status)
    head = [
        f"HTTP/1.1 {status.value} {title}",
        f"content-length: {len(body)}",
        f"content-type: {problems.MEDIA_TYPE}",
        *(f"{name}: {it}" for name, it in problems.RETRY_AFTER.items() if status in _LATER),
        "connection: close",
    ]
    lines = ["\r\n".join(head).encode(), *(b"%b: %b" % header for header in dated)]
    return b"\r\n".join([*lines, ours + b"\r\n" + body])


@cache
def _body(status: HTTPStatus) -> tuple[str, bytes]:
    """Return the title of a problem, and the problem."""
    content = problems.body(status, _DETAILS[status], None, {})
    return content["title"], json.dumps(content, separators=(",", ":")).encode()

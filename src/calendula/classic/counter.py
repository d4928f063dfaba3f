"""The counter: in front of the router, where the plain requests of the two endpoints are served.

Routing, dependencies and response models cost many times what such an answer does. What is out of
the ordinary in any way goes on to the routes, which have every rule and every word.
"""

import re
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calendula.classic.bookings import Bookings
from calendula.classic.front import LOOKUP
from calendula.classic.lookups import Lookups
from calendula.classic.routes import router
from calendula.errors import CalendulaError
from calendula.http.clients import network_of
from calendula.http.limits import Limits
from calendula.http.middleware import MAX_BODY
from calendula.http.problems import answer_domain_error

_Headers = list[tuple[bytes, bytes]]

_MATTER = {b"authorization", b"content-length", b"content-type", b"idempotency-key"}
_DIGITS = 7
_KEY = re.compile(rb"[A-Za-z0-9._-]{1,255}")  # others may be quoted, or bad: the route knows
_KEPT_BY_NOBODY = [(b"cache-control", b"no-store")]
_BOOKING = "/book_appointment"
_ROUTES = {route.path: route for route in router.routes}  # type: ignore[attr-defined]


class Counter:
    """Serves what it can, and hands on the rest."""

    def __init__(self, app: ASGIApp, lookups: Lookups, bookings: Bookings, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._lookups = lookups
        self._bookings = bookings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] == "http":
            path, method = scope["path"], scope["method"]
            if path == LOOKUP and method == "GET":
                if await self._look_up(scope, send):
                    return
            elif path == _BOOKING and method == "POST":
                untouched = await self._book(scope, receive, send)
                if untouched is None:
                    return
                receive = untouched
        await self._app(scope, receive, send)

    async def _look_up(self, scope: Scope, send: Send) -> bool:
        """Answer a lookup, if it is a plain one; tell whether it was."""
        if any(name == b"authorization" for name, _ in scope["headers"]):
            return False
        body = await self._lookups.answer(scope["query_string"])
        if body is None:
            return False
        scope["route"] = _ROUTES[LOOKUP]
        await _answer(send, HTTPStatus.OK, body, [(b"vary", b"Authorization")])
        return True

    async def _book(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer a booking, if it is a plain one that wins; else return the request's body anew."""
        if scope["query_string"] or not _is_plain(scope["headers"]):
            return receive
        message = await receive()
        if message.get("more_body", False):
            return _again(message, receive)
        scope["route"] = _ROUTES[_BOOKING]
        client = self._limits.client(network_of(scope))
        key = _key(scope["headers"])
        try:
            body = await self._bookings.answer(message.get("body", b""), key, client)
        except CalendulaError as error:
            answer = await answer_domain_error(Request(scope), error)
            await answer(scope, receive, send)
            return None
        if body is None:
            return _again(message, receive)
        await _answer(send, HTTPStatus.CREATED, body, _KEPT_BY_NOBODY)
        return None


def _is_plain(headers: _Headers) -> bool:
    """Tell whether a booking has a body of JSON that is not too long, and nothing but a plain key.

    Each header that says something about these must be there once.
    """
    said = [name for name, _ in headers if name in _MATTER]
    found = dict(headers)
    length = found.get(b"content-length", b"")
    return (
        len(set(said)) == len(said)
        and found.get(b"content-type") == b"application/json"
        and b"authorization" not in found
        and length.isdigit()
        and len(length) < _DIGITS
        and int(length) <= MAX_BODY
        and (
            b"idempotency-key" not in found or _KEY.fullmatch(found[b"idempotency-key"]) is not None
        )
    )


def _key(headers: _Headers) -> str | None:
    found = dict(headers).get(b"idempotency-key")
    return found.decode() if found else None


def _again(message: Message, receive: Receive) -> Receive:
    """Return what gives a message that was taken already, and then what comes behind it."""
    taken = [message]

    async def again() -> Message:
        return taken.pop() if taken else await receive()

    return again


async def _answer(send: Send, status: int, body: bytes, headers: _Headers) -> None:
    length = (b"content-length", b"%d" % len(body))
    kind = (b"content-type", b"application/json")
    start = {"type": "http.response.start", "status": status, "headers": [length, kind, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})

"""The counter: in front of everything, where the plain requests of the two endpoints are served.

Routing, dependencies, response models and the layers around them cost many times what such an
answer does. What is out of the ordinary in any way goes on to the app, which has every rule and
every word.
"""

import re
import time
from asyncio import CancelledError
from collections.abc import Callable, Sequence
from http import HTTPStatus
from logging import INFO
from typing import NamedTuple, Self

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calendula import logs, metrics
from calendula.classic.bookings import Bookings
from calendula.classic.front import LOOKUP, WHOLE, Headers, apart, own
from calendula.classic.lookups import Lookups
from calendula.classic.routes import router
from calendula.errors import CalendulaError
from calendula.http import headers
from calendula.http.clients import network_of
from calendula.http.limits import RATES, Limits
from calendula.http.middleware import MAX_BODY, request_id_of
from calendula.http.problems import answer_domain_error
from calendula.settings import Settings

_DIGITS = 7
_KEY = re.compile(rb"[A-Za-z0-9._-]{1,255}")  # others may be quoted, or bad: the route knows
_MATTER = {b"content-length", b"content-type", b"idempotency-key"}
_BOOKING = "/book_appointment"
_OK, _CREATED = HTTPStatus.OK.value, HTTPStatus.CREATED.value
_ROUTES = {route.path: route for route in router.routes}  # type: ignore[attr-defined]
_TROUBLE = "trouble"
"""The name in a request's scope of what kept it from being served here."""


class _Usual(NamedTuple):
    """The headers that all answers of a kind have, and the same as they go over the wire."""

    headers: Headers
    lines: bytes

    @classmethod
    def of(cls, *fields: tuple[bytes, bytes]) -> Self:
        return cls([*fields], headers.write(fields))


class _Served(NamedTuple):
    """An answer to a request; without a body, it is the app's to give."""

    status: int
    usual: _Usual
    body: bytes | None
    receive: Receive
    """Gives the request's body, as if nobody had taken it."""


class Counter:
    """Serves what it can, and hands on the rest.

    What it answers itself is limited, logged and counted here, in fewer steps than by the layers
    of the app, the outermost first. Refusals, and what nobody has foreseen, take the way of those.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        layers: Sequence[Callable[[ASGIApp], ASGIApp]],
        settings: Settings,
        limits: Limits,
        lookups: Lookups,
        bookings: Bookings,
    ) -> None:
        self._app = app
        self._refuse: ASGIApp = _refuse
        for layer in reversed(layers):
            self._refuse = layer(self._refuse)
        self._apart = apart(settings)
        ours = (b"content-type", b"application/json"), *headers.of_plain(settings)
        self._on_lookup = _Usual.of(*ours, (b"vary", b"Authorization"))
        self._on_booking = _Usual.of(*ours)
        self._limits = limits
        self._lookups = lookups
        self._bookings = bookings
        self._serving = {("GET", LOOKUP): self._look_up, ("POST", _BOOKING): self._book}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        serve = self._serving.get((scope.get("method", ""), scope.get("path", "")))
        if serve is None or not self._apart.isdisjoint([name for name, _ in scope["headers"]]):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        taken = scope[RATES] = self._limits.take(network_of(scope), scope["method"])
        if not all(it.ok for it in taken):
            await self._app(scope, receive, send)
            return
        try:
            served = await serve(scope, receive)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - raised again, within the layers
            scope[_TROUBLE] = error
            await self._refuse(scope, receive, send)
            return
        if served.body is None:
            await self._app(scope, served.receive, send)
            return
        request_id = request_id_of(scope["headers"])
        said, usual = own(request_id, taken, served.body), served.usual
        whole = scope.get("extensions", {}).get(WHOLE)
        if not (whole and whole(served.status, said, served.body, usual.lines)):
            said = [*said, *usual.headers]
            await send({"type": "http.response.start", "status": served.status, "headers": said})
            await send({"type": "http.response.body", "body": served.body})
        seconds = time.perf_counter() - started
        method, route = scope["method"], scope["route"]
        metrics.request(method, route.path, served.status, seconds)
        metrics.booking(route.name, served.status, None, replayed=False)
        logs.request(INFO, request_id, method, route.path, served.status, seconds)

    async def _look_up(self, scope: Scope, receive: Receive) -> _Served:
        """Answer a lookup, if it is a plain one."""
        scope["route"] = _ROUTES[LOOKUP]
        body = await self._lookups.answer(scope["query_string"])
        return _Served(_OK, self._on_lookup, body, receive)

    async def _book(self, scope: Scope, receive: Receive) -> _Served:
        """Answer a booking, if it is a plain one that wins; raise SlotTaken if it lost."""
        body = None
        scope["route"] = _ROUTES[_BOOKING]
        if _is_plain(scope["headers"]):
            message = await receive()
            receive = _again(message, receive)
            if not message.get("more_body", False):
                client = self._limits.client(network_of(scope))
                key = _key(scope["headers"])
                body = await self._bookings.answer(message.get("body", b""), key, client)
        return _Served(_CREATED, self._on_booking, body, receive)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that is refused, and raise what nobody has foreseen (ASGI)."""
    error = scope[_TROUBLE]
    if not isinstance(error, CalendulaError):
        raise error
    answer = await answer_domain_error(Request(scope), error)
    await answer(scope, receive, send)


def _is_plain(headers: Headers) -> bool:
    """Tell whether a booking has a body of JSON that is not too long, and nothing but a plain key.

    Each header that says something about these must be there once.
    """
    said = [name for name, _ in headers if name in _MATTER]
    found = dict(headers)
    length = found.get(b"content-length", b"")
    return (
        len(set(said)) == len(said)
        and found.get(b"content-type") == b"application/json"
        and length.isdigit()
        and len(length) < _DIGITS
        and int(length) <= MAX_BODY
        and (
            b"idempotency-key" not in found or _KEY.fullmatch(found[b"idempotency-key"]) is not None
        )
    )


def _key(headers: Headers) -> str | None:
    found = dict(headers).get(b"idempotency-key")
    return found.decode() if found else None


def _again(message: Message, receive: Receive) -> Receive:
    """Return what gives a message that was taken already, and then what comes behind it."""
    taken = [message]

    async def again() -> Message:
        return taken.pop() if taken else await receive()

    return again

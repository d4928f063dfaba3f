"""In front of everything: lookups whose answer is kept."""

import time
from collections.abc import Iterable, Sequence
from functools import partial
from logging import INFO
from typing import Any, NamedTuple, Self, cast

from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from calendula import logs, metrics
from calendula.availability.kept import Kept
from calendula.http.clients import host_of, name_of
from calendula.http.headers import WRITTEN, write
from calendula.http.lenient import Lenient
from calendula.http.limits import FORWARDED, Limits, fields
from calendula.http.middleware import request_id_of
from calendula.meter import Taken
from calendula.settings import Settings

Headers = list[tuple[bytes, bytes]]

LOOKUP = "/available_slots"
FRONT = "front"
"""The name in the lifespan's state of what the front is `Given`."""

WHOLE = "calendula.whole"
"""The extension of ASGI that sends an answer in one piece: its status, headers, body, and headers
that are written already. It tells whether it has; if not, the answer is to be sent as ever."""
_OF_LOOKUP = b"content-type: application/json\r\nvary: Authorization\r\n"
_REMEMBERED = frozenset(
    [b"host", b"user-agent", b"accept", b"accept-encoding", b"accept-language", b"connection"]
)
"""The headers that a request may have which is remembered: they tell of a program, not of a person,
have no body come, and are the same each time."""
_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 1024  # bytes


class Given(NamedTuple):
    """What all connections of an app share."""

    kept: Kept
    limits: Limits
    apart: frozenset[bytes]
    asked: dict[bytes, bytes]
    """What lookups that were answered here ask for, by all their bytes."""

    @classmethod
    def of(cls, settings: Settings, kept: Kept, limits: Limits) -> Self:
        """Return what an app gives."""
        return cls(kept, limits, apart(settings), {})


def own(request_id: str, taken: Sequence[Taken], body: bytes) -> Headers:
    """Return the headers that no other answer has."""
    return [
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode()),
        *fields(taken),
    ]


def apart(settings: Settings) -> frozenset[bytes]:
    """Return the headers with which a request is the app's to answer, whatever it asks for.

    A key must be looked at, a script of another site be told whether it may read the answer, and
    the operator be told of a proxy that is not trusted.
    """
    origin = [b"origin"] if settings.cors_origins else []
    proxies = [] if settings.trusted_proxies else FORWARDED
    return frozenset([b"authorization", *origin, *proxies])


class Front(Lenient):
    """The protocol, which gives what is kept at once: one write, and no task for the app.

    It does what `AnswerHeaders`, `RequestLog`, `RateLimit` and `Counter` would, and no more than
    that: most of the time such an answer takes is not its own. What has come before in the same
    bytes is not even parsed. Without it all is answered the same, by the app.
    """

    def __init__(self, *args: Any, **others: Any) -> None:
        super().__init__(*args, **others)
        self._given: Given = self.app_state[FRONT]
        self._lines: bytes = _OF_LOOKUP + self.app_state[WRITTEN]
        self._begun = 0  # requests of the packet that came last
        self._answered: bytes | None = None  # what one of them asked for

    def data_received(self, data: bytes) -> None:
        """Answer what was asked before, and parse all else.

        The same bytes are the same request where they begin one, and where they were all of it.
        """
        can_be_known = self._is_next() and len(data) <= _LONGEST_REMEMBERED
        query = self._given.asked.get(data) if can_be_known else None
        body = None if query is None else self._given.kept.find(query)
        if body is not None and self._answer(body, host_of(self.client), ()):
            self._body = 0
            self.on_response_complete()
            return
        self._begun, self._answered = 0, None
        super().data_received(data)
        if can_be_known and self._begun == 1 and self._answered is not None:
            self._remember(data, self._answered)

    def on_message_begin(self) -> None:
        """Count a request."""
        super().on_message_begin()
        self._begun += 1

    def _is_next(self) -> bool:
        """Tell whether a request comes next, and its answer could be sent."""
        return self.is_waiting() and not self.flow.write_paused

    def _remember(self, data: bytes, query: bytes) -> None:
        if not _REMEMBERED.issuperset([name for name, _ in self.headers]):
            return
        if len(self._given.asked) >= _MOST_REMEMBERED:  # the plainest bound: the usual come back
            self._given.asked.clear()
        self._given.asked[data] = query

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        scope = cast("Scope", cycle.scope)
        query, headers = scope["query_string"], scope["headers"]
        body = self._given.kept.find(query) if self._is_plain(cycle, scope) else None
        if body is not None and self._answer(body, self._host(headers), headers):
            self._answered = query
            self._end(cycle)
        else:
            whole: dict[str, Any] = {WHOLE: partial(self._send, cycle)}
            cycle.scope["extensions"] = whole
            super()._start_asgi_task(cycle, app)

    def _is_plain(self, cycle: RequestResponseCycle, scope: Scope) -> bool:
        """Tell whether a request is a lookup without a key, which could be answered at once."""
        return (
            scope["path"] == LOOKUP
            and scope["method"] == "GET"
            and not self.pipeline
            and self._can_send(cycle)
            and self._given.apart.isdisjoint([name for name, _ in scope["headers"]])
        )

    def _answer(self, body: bytes, host: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Answer a lookup from an address, which may have come too often; tell whether it was."""
        started = time.perf_counter()
        taken = self._given.limits.take(name_of(host), "GET")
        if not all(it.ok for it in taken):  # which counts for nothing, and is seen by the app again
            return False
        self._given.kept.count_hit()
        request_id = request_id_of(headers)
        dated = self.server_state.default_headers
        self._write(200, [*dated, *own(request_id, taken, body)], body, self._lines)
        seconds = time.perf_counter() - started
        metrics.request("GET", LOOKUP, 200, seconds)
        logs.request(INFO, request_id, "GET", LOOKUP, 200, seconds)
        return True

    def _send(
        self,
        cycle: RequestResponseCycle,
        status: int,
        headers: Headers,
        body: bytes,
        lines: bytes,
    ) -> bool:
        """Send a whole answer with one write, if that can be; tell whether it was."""
        if not self._can_send(cycle):
            return False
        self._write(status, [*cycle.default_headers, *headers], body, lines)
        self._end(cycle)
        return True

    def _write(self, status: int, headers: Headers, body: bytes, lines: bytes) -> None:
        self.transport.write(b"%b%b%b\r\n%b" % (STATUS_LINE[status], write(headers), lines, body))

    def _end(self, cycle: RequestResponseCycle) -> None:
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()

    def _can_send(self, cycle: RequestResponseCycle) -> bool:
        """Tell whether the client is there, reads what it is sent, and goes on after that."""
        waits = cycle.disconnected or cycle.waiting_for_100_continue or self.flow.write_paused
        return cycle.keep_alive and not waits

    def _host(self, headers: Headers) -> str:
        """Return the address that the app is told: a trusted proxy says for whom it asks."""
        peer = host_of(self.client)
        if not isinstance(self.app, ProxyHeadersMiddleware) or peer not in self.app.trusted_hosts:
            return peer
        said = b", ".join([value for name, value in headers if name == b"x-forwarded-for"])
        return self.app.trusted_hosts.get_trusted_client_address(said.decode("latin1"))[0] or peer

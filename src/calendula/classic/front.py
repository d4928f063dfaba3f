"""In front of everything: lookups whose answer is kept."""

import time
from collections.abc import Sequence
from functools import partial
from logging import INFO
from typing import Any, cast

from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from calendula import logs, metrics
from calendula.availability.kept import Kept
from calendula.http.clients import name_of
from calendula.http.headers import WRITTEN, write
from calendula.http.limits import FORWARDED, TAKEN, Limits, fields
from calendula.http.middleware import request_id_of
from calendula.http.protocol import Limited
from calendula.meter import Taken
from calendula.settings import Settings

Headers = list[tuple[bytes, bytes]]

LOOKUP = "/available_slots"
KEPT, LIMITS, APART = "kept", "limits", "apart"
"""The names in the lifespan's state of the answers that are kept, of how often one may ask, and of
the headers with which a request is `apart`."""

WHOLE = "calendula.whole"
"""The extension of ASGI that sends an answer in one piece: its status, headers, body, and headers
that are written already. It tells whether it has; if not, the answer is to be sent as ever."""
_OF_LOOKUP = b"content-type: application/json\r\nvary: Authorization\r\n"


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


class Front(Limited):
    """The protocol, which gives what is kept at once: one write, and no task for the app.

    It does what `AnswerHeaders`, `RequestLog`, `RateLimit` and `Counter` would, and no more than
    that: most of the time such an answer takes is not its own. Without it all is answered the same,
    by the app.
    """

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if not self._answer(cycle):
            whole: dict[str, Any] = {WHOLE: partial(self._send, cycle)}
            cycle.scope["extensions"] = whole
            super()._start_asgi_task(cycle, app)

    def _answer(self, cycle: RequestResponseCycle) -> bool:
        """Answer a plain lookup without a key whose answer is kept; tell whether it was one."""
        scope = cast("Scope", cycle.scope)
        if scope["path"] != LOOKUP or scope["method"] != "GET":
            return False
        if self.pipeline or not self._can_send(cycle):
            return False
        started = time.perf_counter()
        kept: Kept = self.app_state[KEPT]
        body = kept.find(scope["query_string"])
        apart: frozenset[bytes] = self.app_state[APART]
        if body is None or not apart.isdisjoint([name for name, _ in scope["headers"]]):
            return False
        limits: Limits = self.app_state[LIMITS]
        taken = scope[TAKEN] = limits.take(name_of(self._host(cycle)), "GET")
        if not all(it.ok for it in taken):
            return False
        request_id = request_id_of(scope["headers"])
        lines = _OF_LOOKUP + self.app_state[WRITTEN]
        self._send(cycle, 200, own(request_id, taken, body), body, lines)
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
        head = write([*cycle.default_headers, *headers])
        self.transport.write(b"%b%b%b\r\n%b" % (STATUS_LINE[status], head, lines, body))
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()
        return True

    def _can_send(self, cycle: RequestResponseCycle) -> bool:
        """Tell whether the client is there, reads what it is sent, and goes on after that."""
        waits = cycle.disconnected or cycle.waiting_for_100_continue or self.flow.write_paused
        return cycle.keep_alive and not waits

    def _host(self, cycle: RequestResponseCycle) -> str:
        """Return the address that the app is told: a trusted proxy says for whom it asks."""
        peer = self.client[0] if self.client else ""
        if not isinstance(self.app, ProxyHeadersMiddleware) or peer not in self.app.trusted_hosts:
            return peer
        said = [value for name, value in cycle.scope["headers"] if name == b"x-forwarded-for"]
        proxies = b", ".join(said).decode("latin1")
        return self.app.trusted_hosts.get_trusted_client_address(proxies)[0] or peer

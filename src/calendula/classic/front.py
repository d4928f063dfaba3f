"""In front of everything: lookups whose answer is kept."""

import time
from logging import INFO

from uvicorn._types import ASGI3Application
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from calendula import logs, metrics
from calendula.availability.kept import Kept
from calendula.http.clients import name_of
from calendula.http.headers import WRITTEN
from calendula.http.limits import FORWARDED, Limits, fields
from calendula.http.middleware import request_id_of
from calendula.http.protocol import Limited
from calendula.settings import Settings

LOOKUP = "/available_slots"
KEPT, LIMITS, APART = "kept", "limits", "apart"
"""The names in the lifespan's state of the answers that are kept, of how often one may ask, and of
the headers with which a request is `apart`."""

_ANSWER = (
    b"HTTP/1.1 200 OK\r\n%b"
    b"content-length: %d\r\ncontent-type: application/json\r\n"
    b"vary: Authorization\r\nx-request-id: %b\r\n%b\r\n%b"
)


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
            super()._start_asgi_task(cycle, app)

    def _answer(self, cycle: RequestResponseCycle) -> bool:
        """Answer a plain lookup without a key whose answer is kept; tell whether it was one."""
        scope = cycle.scope
        if scope["path"] != LOOKUP or scope["method"] != "GET":
            return False
        if not cycle.keep_alive or cycle.waiting_for_100_continue:
            return False
        if self.pipeline or self.flow.write_paused:
            return False
        started = time.perf_counter()
        kept: Kept = self.app_state[KEPT]
        body = kept.find(scope["query_string"])
        if body is None or any(name in self.app_state[APART] for name, _ in scope["headers"]):
            return False
        limits: Limits = self.app_state[LIMITS]
        taken = limits.take(name_of(self._host(cycle)), "GET")
        if not all(it.ok for it in taken):
            return False
        request_id = request_id_of(scope["headers"])
        headers = [*cycle.default_headers, *fields(taken)]
        ours = b"".join(b"%b: %b\r\n" % header for header in headers)
        lines = self.app_state[WRITTEN]
        self.transport.write(_ANSWER % (ours, len(body), request_id.encode(), lines, body))
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()
        seconds = time.perf_counter() - started
        metrics.request("GET", LOOKUP, 200, seconds)
        logs.request(INFO, request_id, "GET", LOOKUP, 200, round(seconds * 1000, 1))
        return True

    def _host(self, cycle: RequestResponseCycle) -> str:
        """Return the address that the app is told: a trusted proxy says for whom it asks."""
        peer = self.client[0] if self.client else ""
        if not isinstance(self.app, ProxyHeadersMiddleware) or peer not in self.app.trusted_hosts:
            return peer
        said = [value for name, value in cycle.scope["headers"] if name == b"x-forwarded-for"]
        proxies = b", ".join(said).decode("latin1")
        return self.app.trusted_hosts.get_trusted_client_address(proxies)[0] or peer

"""In front of everything: lookups whose answer is kept."""

import time
from logging import INFO

from starlette.types import ASGIApp, Receive, Scope, Send

from calendula import logs
from calendula.availability.kept import Kept
from calendula.http.middleware import new_request_id

LOOKUP = "/available_slots"
_ASKS_FOR_MORE = {b"authorization", b"x-request-id"}
_KIND = (b"content-type", b"application/json")
_VARY = (b"vary", b"Authorization")


class Front:
    """Gives an answer that is kept, to who shows no key and names no request.

    It does what `RequestLog` and `Counter` would, and no more than that: most of the time such an
    answer takes is not its own.
    """

    def __init__(self, app: ASGIApp, kept: Kept) -> None:
        self._app = app
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] == "http" and scope["path"] == LOOKUP and scope["method"] == "GET":
            started = time.perf_counter()
            body = self._kept.find(scope["query_string"])
            if body is not None and not any(it in _ASKS_FOR_MORE for it, _ in scope["headers"]):
                request_id = new_request_id()
                length = (b"content-length", b"%d" % len(body))
                headers = [length, _KIND, _VARY, (b"x-request-id", request_id.encode())]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                logs.request(INFO, request_id, "GET", LOOKUP, 200, milliseconds)
                return
        await self._app(scope, receive, send)

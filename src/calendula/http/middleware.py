import logging
import os
import re
import time
from asyncio import CancelledError
from collections.abc import Iterable, Mapping
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calendula import logs, metrics
from calendula.http.problems import problem

MAX_BODY = 64 * 1024
"""Bytes."""

REFUSED = "refused"
"""The name in a request's state of the status that its client was told, whatever the app says."""

_REPLAYED = (b"idempotency-replayed", b"true")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~-]{1,64}")


class RequestLog:
    """Gives each request an id, writes one line about it, counts it, and answers the unforeseen.

    The line has the route, not the path, and of an exception its type and where it was raised: a
    path, a query or a message could hold personal data.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope["headers"])
        status, replayed = None, False
        started = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status, replayed
            if message["type"] == "http.response.start":
                status = message["status"]
                replayed = _REPLAYED in message.get("headers", ())
                message.setdefault("headers", []).append((b"x-request-id", request_id.encode()))
            await send(message)

        unforeseen: Exception | None = None
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, answer)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except CancelledError:  # the server stops and waits no longer; the database may go on
            if status is None:
                await problem(scope, 503, "The service is stopping.")(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - this is where the unforeseen ends
            unforeseen = error
            if status is None:
                await problem(scope, 500, "Something went wrong.")(scope, receive, answer)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        state = scope.get("state", {})
        status = state.get(REFUSED, status)
        unforeseen = unforeseen or state.get("unforeseen")
        seconds = time.perf_counter() - started
        method, route = scope["method"], scope.get("route")
        path = getattr(route, "path", None)
        metrics.request(method, path, status, seconds)
        if status is not None:
            operation = getattr(route, "name", None)
            metrics.booking(operation, status, state.get("code"), replayed=replayed)
        logs.request(
            level_of(status, unforeseen),
            request_id,
            method,
            path,
            status,
            seconds,
            **logs.trouble(unforeseen or state.get("cause")),
        )


class BodyLimit:
    """Refuses a request body over `MAX_BODY` before it is parsed, chunked or not.

    `larger` has the paths at which a body may have more, each with its bytes.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        most = self.larger.get(path, MAX_BODY)
        too_large = f"The body must have at most {most // 1024} KiB"
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or len(length) > _DIGITS or int(length) > most:
            refusal = problem(scope, 413, too_large + ".", headers={"Connection": "close"})
            await refusal(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413, too_large, {"Connection": "close"})
            return message

        await self.app(scope, limited, send)


_DIGITS = 20  # int() refuses thousands of them


class NeverCached:
    """Lets no cache keep what is answered under a path: it is for whose cookie was sent, and now.

    Not a dependency, since FastAPI drops a dependency's headers where a route makes the response.
    """

    def __init__(self, app: ASGIApp, under: str) -> None:
        self.app = app
        self.under = under

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "no-store"
                if "Cookie" not in headers.get("Vary", ""):  # a page has said so itself
                    headers.add_vary_header("Cookie")
            await send(message)

        ours = path == self.under or path.startswith(f"{self.under}/")
        await self.app(scope, receive, answer if ours else send)


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that a request came with, or a new one. It has no quotes and no backslashes."""
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return value.decode()
    return os.urandom(16).hex()


def level_of(status: int | None, unforeseen: Exception | None) -> int:
    """Return the level of a request's line: an operator looks at errors first, then at warnings."""
    if unforeseen:
        return logging.ERROR
    return logging.WARNING if status == HTTPStatus.SERVICE_UNAVAILABLE else logging.INFO

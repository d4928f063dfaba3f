"""A server whose app is a few lines of a test, behind the protocol of the service."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from calendula.availability.kept import Kept
from calendula.classic.front import FRONT, Front, Given
from calendula.http import headers
from calendula.http.connections import CONNECTIONS, Connections
from calendula.http.limits import Limits
from calendula.settings import Settings
from support import servers

PATIENCE = 30.0  # seconds; what is waited for takes far less
BY_THE_APP = b"by the app"
SOON = Settings(request_timeout=0.2)  # seconds, for what is to be over
NEVER = Settings(request_timeout=600)
BOOKING = b"POST /book HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Read the body of a request, and say that the app has answered."""
    while (await receive()).get("more_body"):
        pass
    length = (b"content-length", b"%d" % len(BY_THE_APP))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": BY_THE_APP})


@contextmanager
def serving(
    app: Callable[..., Any] = answer,
    settings: Settings | None = None,
    given: Given | None = None,
) -> Iterator[int]:
    """Serve an app on 127.0.0.1 for the length of a block, and give the port."""
    settings = settings or Settings()

    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        await receive()
        scope["state"] |= {
            FRONT: given or Given.of(settings, Kept(10), Limits(settings)),
            CONNECTIONS: Connections(settings),
            headers.WRITTEN: headers.write(headers.of_plain(settings)),
        }
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    silent: Any = {"log_config": None, "access_log": False, "server_header": False}
    server = uvicorn.Server(uvicorn.Config(with_state, port=0, lifespan="on", http=Front, **silent))
    with servers.in_a_thread(server) as port:
        try:
            yield port
        finally:
            server.force_exit = True  # whoever is still connected is not waited for


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    """Connect from an address of this machine."""
    return socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))


def read(connection: socket.socket) -> bytes:
    """Return all that comes until the other side ends the connection."""
    said = b""
    try:
        while part := connection.recv(65536):
            said += part
    except ConnectionResetError:  # in the middle of what we were saying
        pass
    return said


def get(path: str = "/", *fields: str) -> bytes:
    """Return a request, after which the connection ends."""
    lines = [f"GET {path} HTTP/1.1", "Host: a", *fields, "Connection: close", "", ""]
    return "\r\n".join(lines).encode()


def ask(port: int, request: bytes) -> bytes:
    """Return all that is said to what is sent."""
    with connect(port) as connection:
        connection.sendall(request)
        return read(connection)


def check_problem(said: bytes, status: int) -> None:
    """See that an answer is a problem of this status, with the headers of every answer."""
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    problem = json.loads(body)
    assert first.split(" ", 2)[1:] == [str(status), problem["title"]]
    assert problem["status"] == status
    assert len(body) == int(fields["content-length"])
    assert fields["content-type"] == "application/problem+json"
    assert fields["connection"] == "close"
    assert fields["cache-control"] == "no-store"
    assert fields["x-content-type-options"] == "nosniff"
    assert "date" in fields


def pass_time(port: int, times: int = 3) -> None:
    """Wait until a connection that says nothing was closed, again and again."""
    for _ in range(times):
        with connect(port) as silent:
            assert read(silent) == b""

"""A server whose app is a few lines of a test, behind the protocol of the service."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from calendula.availability.kept import Kept
from calendula.classic.front import APART, KEPT, LIMITS, Front, apart
from calendula.http import headers
from calendula.http.connections import CONNECTIONS, Connections
from calendula.http.limits import Limits
from calendula.settings import Settings
from support import servers

PATIENCE = 30.0  # seconds; what is waited for takes far less
BY_THE_APP = b"by the app"


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
    kept: Kept | None = None,
    limits: Limits | None = None,
) -> Iterator[int]:
    """Serve an app on 127.0.0.1 for the length of a block, and give the port."""
    settings = settings or Settings()

    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        await receive()
        scope["state"] |= {
            KEPT: kept or Kept(10),
            LIMITS: limits or Limits(settings),
            APART: apart(settings),
            CONNECTIONS: Connections(settings),
            headers.WRITTEN: headers.written(settings),
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

"""How many connections there may be at a time."""

import asyncio
import socket
from contextlib import ExitStack
from threading import Event, Semaphore
from typing import Any

from calendula.settings import Settings
from support.small_server import (
    BY_THE_APP,
    PATIENCE,
    answer,
    ask,
    check_problem,
    connect,
    get,
    read,
    serving,
)

LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def test_a_client_has_so_many_connections() -> None:
    """One connection too many of a client is 429; others, and the proxy that is trusted, have more.

    Once one has gone there is room again.
    """
    few = Settings(connections_per_client=3, request_timeout=600)
    with serving(settings=few) as port, ExitStack() as opened:

        def open_one(source: str) -> socket.socket:
            connection = opened.enter_context(connect(port, source))
            connection.sendall(LAST[:20])
            return connection

        mine = [open_one("127.0.0.2") for _ in range(3)]
        check_problem(read(open_one("127.0.0.2")), 429)
        others = [open_one(source) for source in ["127.0.0.3", *["127.0.0.1"] * 5]]
        mine[0].close()
        while True:  # until the service has noticed
            again = open_one("127.0.0.2")
            try:
                again.sendall(LAST[20:])
            except (BrokenPipeError, ConnectionResetError):
                continue
            if (said := read(again)).startswith(b"HTTP/1.1 200 "):
                break
            assert said.startswith(b"HTTP/1.1 429 ") or not said
        for each in [*mine[1:], *others]:
            each.sendall(LAST[20:])
            assert read(each).endswith(BY_THE_APP)


def test_who_has_waited_longest_makes_room() -> None:
    """Where there are too many connections, one that is slow or idle ends, and none that is served.

    Where all of them are being served, whoever comes is told to come again: 503.
    """
    go_on, begun = Event(), Semaphore(0)

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/wait":
            begun.release()
            await asyncio.to_thread(go_on.wait, PATIENCE)
        await answer(scope, receive, send)

    def open_one(request: bytes) -> socket.socket:
        connection = opened.enter_context(connect(port))
        connection.sendall(request)
        if request != get("/wait"):
            return connection
        assert begun.acquire(timeout=PATIENCE)
        return connection

    few = Settings(connections=10, request_timeout=600)
    with serving(wait, few) as port, ExitStack() as opened:
        served = [open_one(get("/wait")) for _ in range(8)]
        idle = open_one(get().replace(b"close", b"keep-alive"))
        assert idle.recv(65536)
        slow = open_one(b"GET")
        assert read(open_one(get())).endswith(BY_THE_APP)
        assert read(idle) == b""
        served += [open_one(get("/wait")) for _ in range(2)]
        assert read(slow) == b""
        check_problem(ask(port, b""), 503)
        go_on.set()
        for each in served:
            assert read(each).endswith(BY_THE_APP)

"""How long a request may take to come, and an answer to be read, over real connections."""

import asyncio
from threading import Event
from typing import Any

import pytest

from support.small_server import (
    BOOKING,
    BY_THE_APP,
    PATIENCE,
    SOON,
    ask,
    check_problem,
    connect,
    get,
    pass_time,
    read,
    serving,
)


@pytest.mark.parametrize(
    "part",
    [b"G", b"GET / HTTP/1.1\r\nHost: a\r\n", BOOKING, BOOKING + b"12"],
    ids=["a byte", "a part of a head", "no body", "a part of a body"],
)
def test_what_comes_too_slowly_is_refused(part: bytes) -> None:
    """A request that is not whole in time is 408, a first one and a later one."""
    with serving(settings=SOON) as port:
        check_problem(ask(port, part), 408)
        with connect(port) as connection:
            connection.sendall(get().replace(b"close", b"keep-alive") + part)
            first, second = read(connection).split(BY_THE_APP)
        assert first.startswith(b"HTTP/1.1 200 ")
        check_problem(second, 408)


@pytest.mark.parametrize("line", [b"X: x\r\n", b"\r\n"], ids=["fields", "empty lines"])
def test_a_little_at_a_time_is_not_enough(line: bytes) -> None:
    """Whoever goes on saying a little without ever having said it all is cut off too."""
    begin = b"" if line == b"\r\n" else b"GET / HTTP/1.1\r\n"
    with serving(settings=SOON) as port, connect(port) as connection:
        connection.sendall(begin)
        connection.settimeout(0.02)
        said: bytes | None = None
        for _ in range(int(PATIENCE / 0.02)):
            try:
                said = connection.recv(65536)
                break
            except TimeoutError:
                connection.sendall(line)
            except ConnectionResetError:
                said = b""
                break
        assert said is not None
        if begin:
            check_problem(said, 408)


def test_a_body_has_time_by_its_length() -> None:
    """A long body that comes at a speed that is slow and honest is not cut off."""
    head = b"PUT / HTTP/1.1\r\nConnection: close\r\nContent-Length: 200001\r\n\r\n"
    with serving(settings=SOON) as port, connect(port) as connection:
        connection.sendall(head + b"x" * 200_000)
        pass_time(port)
        connection.sendall(b"x")
        assert read(connection).endswith(BY_THE_APP)


def test_an_answer_has_all_its_time() -> None:
    """What is being answered is not cut off, however long it takes: pages hear their hints."""
    go_on = Event()

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await asyncio.to_thread(go_on.wait, PATIENCE)
            await send({"type": "http.response.body", "body": b"last"})

    with serving(stream, SOON) as port, connect(port) as connection:
        connection.sendall(get("/stream"))
        pass_time(port)
        go_on.set()
        said = read(connection)
    assert b"first" in said
    assert said.endswith(b"4\r\nlast\r\n0\r\n\r\n")


def test_who_does_not_read_is_cut_off() -> None:
    """An answer that its client does not take is given up, and its task ends."""
    given_up = Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await _next(receive)) != "http.disconnect":
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        given_up.set()

    async def _next(receive: Any) -> str:
        try:
            return str((await asyncio.wait_for(receive(), 0.001))["type"])
        except TimeoutError:
            return ""

    with serving(endless, SOON) as port, connect(port) as connection:
        connection.sendall(get())
        assert given_up.wait(PATIENCE)


def test_who_waits_for_a_body_is_told() -> None:
    """The app hears that the rest of a body that was refused will not come."""
    heard = Event()

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            assert message["more_body"]
        heard.set()

    with serving(listen, SOON) as port:
        check_problem(ask(port, BOOKING + b"1"), 408)
        assert heard.wait(PATIENCE)

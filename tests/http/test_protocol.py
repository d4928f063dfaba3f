"""The limits of a connection, over real ones."""

import asyncio
import json
import socket
import time
from contextlib import ExitStack, suppress
from threading import Event, Semaphore
from typing import Any

import pytest

from calendula.http.refusals import MAX_FIELDS, MAX_HEAD, MAX_URL
from calendula.settings import Settings
from support.small_server import BY_THE_APP, PATIENCE, answer, connect, read, serving

SOON = Settings(request_timeout=0.2)  # seconds, for what is to be over
NEVER = Settings(request_timeout=600)
BOOKING = b"POST /book HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def _get(path: str = "/", *fields: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: a", *fields, "Connection: close", "", ""]
    return "\r\n".join(lines).encode()


def _ask(port: int, request: bytes) -> bytes:
    with connect(port) as connection:
        connection.sendall(request)
        return read(connection)


def _check_problem(said: bytes, status: int) -> None:
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


def _pass_time(port: int, times: int = 3) -> None:
    """Wait until a connection that says nothing was closed, again and again."""
    for _ in range(times):
        with connect(port) as silent:
            assert read(silent) == b""


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (_get("/" + "x" * MAX_URL), 414),
        (_get("/", "X: " + "x" * MAX_HEAD), 431),
        (_get("/", *(f"X-{number}: {'x' * 700}" for number in range(30))), 431),
        (_get("/", *["X: x"] * MAX_FIELDS), 431),
        (b"GET /" + b"x" * 10 * MAX_HEAD, 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 100_000, 431),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 1_000_000, 400),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 1_000_000, 400),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
    ],
    ids=[
        *("address", "field", "fields", "number of fields", "endless address", "endless field"),
        *("endless fields", "chunk extension", "trailer", "length", "TLS", "path"),
    ],
)
def test_what_is_too_large_or_no_http_is_refused(request_: bytes, status: int) -> None:
    """The answer says what is wrong as all others do, and ends the connection; no app is asked."""
    with serving(settings=NEVER) as port:
        with connect(port) as connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # enough was said
                for start in range(0, len(request_), 9000):
                    connection.sendall(request_[start : start + 9000])
            said = read(connection)
        _check_problem(said, status)
        assert _ask(port, _get()).endswith(BY_THE_APP)


@pytest.mark.parametrize("size", [9000, MAX_HEAD, 10**6], ids=["halves", "rest", "whole"])
def test_a_head_is_measured_however_it_comes(size: int) -> None:
    """What came before the packet that a head ends in counts as well."""
    request = _get("/", "X: " + "x" * MAX_HEAD)
    with serving(settings=NEVER) as port, connect(port) as connection:
        for start in range(0, len(request), size):
            connection.sendall(request[start : start + size])
            time.sleep(0.05)  # the server reads it alone
        _check_problem(read(connection), 431)


@pytest.mark.parametrize("size", [1, 997, 10**6], ids=["bytes", "parts", "whole"])
def test_what_is_large_is_served(size: int) -> None:
    """A request up to the limits is served, in however many packets it comes."""
    field = "X: " + "x" * (MAX_HEAD - MAX_URL - 1000)
    request = _get("/" + "x" * (MAX_URL - 1), field, *["X: x"] * (MAX_FIELDS - 3))
    with serving(settings=NEVER) as port, connect(port) as connection:
        for start in range(0, len(request), size):
            connection.sendall(request[start : start + size])
        assert read(connection).endswith(BY_THE_APP)


def test_a_body_byte_by_byte_is_served() -> None:
    """The framing of a body that comes in the smallest of chunks is not too much."""
    chunks = b"1\r\nx\r\n" * 20_000
    head = b"PUT / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(settings=NEVER) as port:
        assert _ask(port, head + chunks + b"0\r\n\r\n").endswith(BY_THE_APP)


@pytest.mark.parametrize(
    "part",
    [b"G", b"GET / HTTP/1.1\r\nHost: a\r\n", BOOKING, BOOKING + b"12"],
    ids=["a byte", "a part of a head", "no body", "a part of a body"],
)
def test_what_comes_too_slowly_is_refused(part: bytes) -> None:
    """A request that is not whole in time is 408, a first one and a later one."""
    with serving(settings=SOON) as port:
        _check_problem(_ask(port, part), 408)
        with connect(port) as connection:
            connection.sendall(_get().replace(b"close", b"keep-alive") + part)
            first, second = read(connection).split(BY_THE_APP)
        assert first.startswith(b"HTTP/1.1 200 ")
        _check_problem(second, 408)


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
            _check_problem(said, 408)


def test_a_body_has_time_by_its_length() -> None:
    """A long body that comes at a speed that is slow and honest is not cut off."""
    head = b"PUT / HTTP/1.1\r\nConnection: close\r\nContent-Length: 200001\r\n\r\n"
    with serving(settings=SOON) as port, connect(port) as connection:
        connection.sendall(head + b"x" * 200_000)
        _pass_time(port)
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
        connection.sendall(_get("/stream"))
        _pass_time(port)
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
        connection.sendall(_get())
        assert given_up.wait(PATIENCE)


def test_who_waits_for_a_body_is_told() -> None:
    """The app hears that the rest of a body that was refused will not come."""
    heard = Event()

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            assert message["more_body"]
        heard.set()

    with serving(listen, SOON) as port:
        _check_problem(_ask(port, BOOKING + b"1"), 408)
        assert heard.wait(PATIENCE)


@pytest.mark.parametrize(
    "behind",
    [b"no http\r\n\r\n", _get("/" + "x" * MAX_URL), b"GET / HTTP/1.1\r\nX: x"],
    ids=["no HTTP", "too large", "too slow"],
)
def test_no_refusal_is_taken_for_an_answer(behind: bytes) -> None:
    """What comes behind a request that is being answered, and is refused, gets no answer at all.

    It would be taken for the outcome of the request before.
    """
    go_on = Event()

    async def book(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.to_thread(go_on.wait, PATIENCE)
        length = (b"content-length", b"6")
        await send({"type": "http.response.start", "status": 201, "headers": [length]})
        await send({"type": "http.response.body", "body": b"booked"})

    with serving(book, SOON) as port, connect(port) as connection:
        connection.sendall(BOOKING + b"123" + behind)
        _pass_time(port, times=4)
        go_on.set()
        said = read(connection)
    assert said.startswith(b"HTTP/1.1 201 ")
    assert said.endswith(b"\r\n\r\nbooked")
    assert said.count(b"HTTP/1.1") == 1


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
        _check_problem(read(open_one("127.0.0.2")), 429)
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
        if request != _get("/wait"):
            return connection
        assert begun.acquire(timeout=PATIENCE)
        return connection

    few = Settings(connections=10, request_timeout=600)
    with serving(wait, few) as port, ExitStack() as opened:
        served = [open_one(_get("/wait")) for _ in range(8)]
        idle = open_one(_get().replace(b"close", b"keep-alive"))
        assert idle.recv(65536)
        slow = open_one(b"GET")
        assert read(open_one(_get())).endswith(BY_THE_APP)
        assert read(idle) == b""
        served += [open_one(_get("/wait")) for _ in range(2)]
        assert read(slow) == b""
        _check_problem(_ask(port, b""), 503)
        go_on.set()
        for each in served:
            assert read(each).endswith(BY_THE_APP)

"""How large a request may be, and what is none, over real connections."""

import asyncio
import time
from contextlib import suppress
from threading import Event
from typing import Any

import pytest

from calendula.http.refusals import MAX_FIELDS, MAX_HEAD, MAX_URL
from support.small_server import (
    BOOKING,
    BY_THE_APP,
    NEVER,
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
    ("request_", "status"),
    [
        (get("/" + "x" * MAX_URL), 414),
        (get("/", "X: " + "x" * MAX_HEAD), 431),
        (get("/", *(f"X-{number}: {'x' * 700}" for number in range(30))), 431),
        (get("/", *["X: x"] * MAX_FIELDS), 431),
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
        check_problem(said, status)
        assert ask(port, get()).endswith(BY_THE_APP)


@pytest.mark.parametrize("size", [9000, MAX_HEAD, 10**6], ids=["halves", "rest", "whole"])
def test_a_head_is_measured_however_it_comes(size: int) -> None:
    """What came before the packet that a head ends in counts as well."""
    request = get("/", "X: " + "x" * MAX_HEAD)
    with serving(settings=NEVER) as port, connect(port) as connection:
        for start in range(0, len(request), size):
            connection.sendall(request[start : start + size])
            time.sleep(0.05)  # the server reads it alone
        check_problem(read(connection), 431)


@pytest.mark.parametrize("size", [1, 997, 10**6], ids=["bytes", "parts", "whole"])
def test_what_is_large_is_served(size: int) -> None:
    """A request up to the limits is served, in however many packets it comes."""
    field = "X: " + "x" * (MAX_HEAD - MAX_URL - 1000)
    request = get("/" + "x" * (MAX_URL - 1), field, *["X: x"] * (MAX_FIELDS - 3))
    with serving(settings=NEVER) as port, connect(port) as connection:
        for start in range(0, len(request), size):
            connection.sendall(request[start : start + size])
        assert read(connection).endswith(BY_THE_APP)


def test_a_body_byte_by_byte_is_served() -> None:
    """The framing of a body that comes in the smallest of chunks is not too much."""
    chunks = b"1\r\nx\r\n" * 20_000
    head = b"PUT / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(settings=NEVER) as port:
        assert ask(port, head + chunks + b"0\r\n\r\n").endswith(BY_THE_APP)


@pytest.mark.parametrize(
    "behind",
    [b"no http\r\n\r\n", get("/" + "x" * MAX_URL), b"GET / HTTP/1.1\r\nX: x"],
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
        pass_time(port, times=4)
        go_on.set()
        said = read(connection)
    assert said.startswith(b"HTTP/1.1 201 ")
    assert said.endswith(b"\r\n\r\nbooked")
    assert said.count(b"HTTP/1.1") == 1


def test_the_last_request_may_say_so_behind_its_body() -> None:
    """Its answer is the last, and the connection ends: what comes behind it nobody reads."""
    head = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(settings=NEVER) as port:
        said = ask(port, head + b"0\r\nConnection: close\r\n\r\n" + get())
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"connection: close\r\n" in said
    assert said.endswith(BY_THE_APP)

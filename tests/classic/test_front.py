"""Kept answers, which are given before the app is asked: over a real connection."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from calendula import clock, logs
from calendula.availability.kept import Kept
from calendula.classic.front import LOOKUP, WHOLE, Given
from calendula.database.ids import new_id
from calendula.http.limits import Limits
from calendula.settings import Settings
from support import small_server
from support.metrics import requests
from support.small_server import BY_THE_APP

QUERY = "doctor_name=A&date=2099-02-06"
SITE = "https://clinic.example"
SETTINGS = Settings(cors_origins=(SITE,))
BODY = b'{"available_slots":[]}'


@pytest.fixture
def kept() -> Kept:
    """Answers, of which one is kept, for longer than these tests take."""
    kept = Kept(10, longest=600)
    _keep(kept)
    return kept


@pytest.fixture
def given(kept: Kept) -> Given:
    """What the front has, with limits that are many times what these tests ask."""
    limits = Limits(Settings(open_clinic=False, rate_requests=1_000_000))
    return Given.of(SETTINGS, kept, limits)


@pytest.fixture
def port(given: Given) -> Iterator[int]:
    """Where a server listens whose app says that it was asked."""
    with small_server.serving(settings=SETTINGS, given=given) as port:
        yield port


def _keep(kept: Kept, **time: float) -> None:
    answer = kept.begin(new_id())
    kept.keep(QUERY.encode(), answer, BODY, clock.now() + timedelta(**(time or {"hours": 1})))


def _line(query: str = QUERY, method: str = "GET") -> str:
    return f"{method} {LOOKUP}?{query} HTTP/1.1"


def _request(line: str | None = None, *headers: str) -> bytes:
    return "\r\n".join([line or _line(), "Host: a", *headers, "", ""]).encode()


def _ask(port: int, *requests: bytes) -> bytes:
    """Send requests at once, say that these were all, and return everything that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            b"".join([*requests, _request("GET /last HTTP/1.1", "Connection: close")])
        )
        said = b""
        while part := connection.recv(65536):
            said += part
    last = said.rindex(b"HTTP/1.1 200 OK")
    assert said[last:].endswith(BY_THE_APP)
    return said[:last]


def test_what_is_kept_is_given_without_the_app(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """It has the headers of the app's answer, and a line in the log; the connection stays."""
    logs.configure("json")
    head, _, body = _ask(port, _request()).partition(b"\r\n\r\n")
    assert body == BODY
    status, date, *headers = head.split(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    assert date.startswith(b"date: ")
    headers.remove(b"vary: Authorization")
    said = dict(header.split(b": ", 1) for header in headers)
    assert len(said) == len(headers)
    assert said[b"content-length"] == b"%d" % len(BODY)
    assert said[b"content-type"] == b"application/json"
    assert said[b"vary"] == b"Origin"
    assert said[b"ratelimit-policy"] == b'"requests";q=1000000;w=60'
    assert said[b"ratelimit"].startswith(b'"requests";r=999999;t=')
    request_id = said[b"x-request-id"]
    (line,) = [it for it in caplog.records if it.name == "calendula.http"]
    assert request_id.decode() in line.getMessage()


def test_a_request_keeps_its_id(port: int) -> None:
    """A gateway's id of a request is in the answer."""
    said = _ask(port, _request(None, "X-Request-ID: its-own"))
    assert b"x-request-id: its-own\r\n" in said


def test_what_is_given_is_counted(port: int) -> None:
    """A request that the app never sees is in the metrics."""
    before = requests("GET", LOOKUP, 200)
    _ask(port, _request())
    assert requests("GET", LOOKUP, 200) == before + 1


@pytest.mark.parametrize(
    "request_",
    [
        _request(None, "Authorization: Bearer x"),
        _request(None, f"Origin: {SITE}"),
        _request(None, "X-Forwarded-For: 127.0.0.2"),
        _request(None, "Forwarded: for=127.0.0.2"),
        _request(_line("doctor_name=B&date=2099-02-06")),
        _request(_line(method="HEAD")),
        _request(f"GET /v1{LOOKUP}?{QUERY} HTTP/1.1"),
        _request(None, "Expect: 100-continue"),
    ],
    ids=["key", "site", "proxy", "forwarded", "other", "method", "path", "expectation"],
)
def test_all_else_is_the_apps(port: int, request_: bytes) -> None:
    """Whatever is out of the ordinary goes to the app."""
    assert BODY not in _ask(port, request_)


def test_only_what_is_given_counts_as_found(kept: Kept) -> None:
    """Whoever has asked too much is answered by the app, and no kept answer was of use."""
    limits = Limits(Settings(open_clinic=False, rate_requests=3))
    given = Given.of(SETTINGS, kept, limits)
    with small_server.serving(settings=SETTINGS, given=given) as port:
        said = _ask(port, *[_request()] * 10)
    assert said.count(BODY) == 3
    assert kept.take_counts() == (3, 0)


def test_what_has_ended_is_the_apps(port: int, kept: Kept) -> None:
    """An answer is given by nobody when its time is over."""
    _keep(kept, seconds=0)
    assert _ask(port, _request()).endswith(BY_THE_APP)


def test_who_wants_the_connection_closed_is_the_apps(port: int) -> None:
    """The last request of a connection, and of HTTP/1.0, ends it."""
    for line in _line(), _line().replace("1.1", "1.0"):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(_request(line, "Connection: close"))
            said = b"".join(iter(lambda: connection.recv(65536), b""))
        assert said.endswith(BY_THE_APP)


def test_many_in_one_packet_are_answered_in_their_order(port: int) -> None:
    """Requests that do not wait for answers get them in order, however many, kept or not."""
    slow = _request(_line("doctor_name=B&date=2099-02-06"))
    said = _ask(port, *[_request()] * 2000, slow, *[_request()] * 2000)
    bodies = [answer.partition(b"\r\n\r\n")[2] for answer in said.split(b"HTTP/1.1 200 OK")[1:]]
    assert len(bodies) == 4001
    assert bodies[:2000] == [BODY] * 2000
    assert bodies[2000] == BY_THE_APP
    assert set(bodies[2001:]) <= {BODY, BY_THE_APP}


def test_an_app_can_send_its_answer_in_one_piece() -> None:
    """It is told when it cannot: the connection is to be closed, or its client does not read."""
    wholes: list[bool] = []
    body = b"x" * 1_000_000

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"%d" % len(body))]
        wholes.append(scope["extensions"][WHOLE](200, headers, body, b""))
        if not wholes[-1]:
            await small_server.answer(scope, receive, send)

    with small_server.serving(app) as port:
        said = _ask(port, _request("GET /first HTTP/1.1"))
        assert said.endswith(b"\r\n\r\n" + body)
        assert wholes == [True, False]
        _ask(port, *[_request("GET /many HTTP/1.1")] * 50)
        assert wholes[2]
        assert not all(wholes[2:-1])

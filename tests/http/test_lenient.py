"""What clients send beside their requests, over real connections."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from calendula.http.refusals import MAX_HEAD
from support.small_server import NEVER, ask, check_problem, connect, get, read, serving

_PROTOCOLS = {
    "h2c": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA",
    "websocket": "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
}
_LAST = {
    "close": "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "1.0": "GET /last HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}
_INNER = get("/inner")


def _asks_for(protocol: str, *fields: str, body: bytes = b"") -> bytes:
    """Return a request of /outer that asks for another protocol."""
    lines = ["POST /outer HTTP/1.1", "Host: a", _PROTOCOLS[protocol], *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def _chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def _send(port: int, request: bytes, step: int) -> bytes:
    with connect(port) as connection:
        for start in range(0, len(request), step):
            connection.sendall(request[start : start + step])
            time.sleep(0.0005 if step < len(request) else 0)
        return read(connection)


@pytest.mark.parametrize("step", [7, 100_000], ids=["in pieces", "at once"])
@pytest.mark.parametrize("protocol", _PROTOCOLS)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "Content-Length: 0"),
        (_INNER, f"Content-Length: {len(_INNER)}"),
        (_chunked(_INNER), "Transfer-Encoding: chunked"),
    ],
    ids=["no body", "length", "chunked"],
)
def test_another_protocol_is_not_heard_of(
    echo: Callable[..., Any], protocol: str, body: bytes, field: str, step: int
) -> None:
    """The request has its body, which is no other request; what comes behind it is answered too."""
    with serving(echo, NEVER) as port:
        said = _send(port, _asks_for(protocol, field, body=body) + get("/next"), step)
    told = _INNER if body else b""
    assert said.count(b"HTTP/1.1 200") == said.count(b"HTTP/1.1") - told.count(b"HTTP/1.1") == 2
    assert b"/outer:" + told in said
    assert said.endswith(b"/next:")


@pytest.mark.parametrize("step", [7, 100_000], ids=["in pieces", "at once"])
@pytest.mark.parametrize("last", _LAST)
def test_the_last_of_a_connection_may_ask_too(
    echo: Callable[..., Any], last: str, step: int
) -> None:
    """A request that ends its connection is answered whatever else it asks for."""
    with serving(echo, NEVER) as port:
        said = _send(
            port, get("/first").replace(b"close", b"keep-alive") + _LAST[last].encode(), step
        )
    assert said.count(b"HTTP/1.1 200") == 2
    assert said.endswith(b"/last:")


def test_many_who_ask_for_another_protocol_are_answered(echo: Callable[..., Any]) -> None:
    """However many come in one packet."""
    many = 500
    with serving(echo, NEVER) as port:
        said = ask(port, _asks_for("h2c", "Content-Length: 0") * many + get("/next"))
    assert said.count(b"/outer:") == many
    assert said.endswith(b"/next:")


def test_a_head_that_is_too_large_is_refused(echo: Callable[..., Any]) -> None:
    """Also of a request that asks for another protocol, in as many pieces as it comes."""
    fields = [f"X-{number}: {'x' * 700}" for number in range(30)]
    assert MAX_HEAD < 30 * 700
    with serving(echo, NEVER) as port:
        check_problem(_send(port, _asks_for("h2c", *fields), 9000), 431)


def test_a_tunnel_is_refused(echo: Callable[..., Any]) -> None:
    """CONNECT is a request for another protocol, and nothing else."""
    with serving(echo, NEVER) as port:
        check_problem(ask(port, b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"), 400)


def test_white_space_around_a_value_is_none_of_it() -> None:
    """Whatever a proxy cuts off of it was not said."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with serving(app, NEVER) as port:
        ask(port, get("/", "Idempotency-Key: \t a b \t ", "Content-Length: 0 "))
    assert (b"idempotency-key", b"a b") in seen
    assert (b"content-length", b"0") in seen


@pytest.fixture
def echo() -> Callable[..., Any]:
    """An app that says which path and which body a request had."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        said = scope["path"].encode() + b":" + body
        length = (b"content-length", b"%d" % len(said))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": said})

    return app

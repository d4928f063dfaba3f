"""Kept answers to requests that have come before in the same bytes, which are not parsed again."""

import asyncio
from datetime import timedelta

import pytest

from calendula import clock
from calendula.availability.kept import Kept
from calendula.classic import front
from calendula.classic.front import LOOKUP, Given
from calendula.database.ids import new_id
from calendula.http.limits import Limits
from calendula.settings import Settings
from support import small_server
from support.small_server import BY_THE_APP
from support.wire import PEER, Wire

QUERY = b"doctor_name=A&date=2099-02-06"
BODY = b'{"available_slots":[]}'
HEAD = b"GET %b?%b HTTP/1.1\r\nHost: a\r\n" % (LOOKUP.encode(), QUERY)
LOOKUP_OF_IT = HEAD + b"\r\n"
POST = b"POST /book HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """These are for the loop of the service."""
    return "asyncio"


@pytest.fixture
def given() -> Given:
    """What all connections share, with one answer that is kept."""
    kept = Kept(10, longest=600)
    until = clock.now() + timedelta(hours=1)
    kept.keep(QUERY, kept.begin(new_id()), BODY, until)
    settings = Settings(rate_requests=1000, trusted_proxies=(PEER,))
    return Given.of(settings, kept, Limits(settings))


def _with(*fields: bytes) -> bytes:
    """Return the lookup with more headers."""
    return b"".join([HEAD, *[it + b"\r\n" for it in fields], b"\r\n"])


def _left(said: bytes) -> int:
    return int(said.partition(b";r=")[2].partition(b";")[0])


async def test_the_same_bytes_are_not_parsed_again(given: Given) -> None:
    """Each answer has its own id and its own place in the limit, on every connection."""
    one, other = Wire(given), Wire(given)
    answers = [wire.send(LOOKUP_OF_IT) for wire in (one, one, one, other)]
    assert (one.parsed, other.parsed) == (1, 0)
    for number, said in enumerate(answers):
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert body == BODY
        assert _left(said) == 999 - number
    ids = {said.partition(b"x-request-id: ")[2][:32] for said in answers}
    assert len(ids) == 4


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\nX: ", b"G", b"GET / HT"])
async def test_bytes_within_a_head_are_no_request(given: Given, begun: bytes) -> None:
    """What has begun another request is the rest of that."""
    wire = Wire(given)
    wire.send(LOOKUP_OF_IT)
    wire.send(begun)
    wire.send(LOOKUP_OF_IT)
    assert BODY not in await wire.hear()


async def test_bytes_within_a_body_are_no_request(given: Given) -> None:
    """A body that is written like a request is a body: nobody asks through another's request."""
    wire = Wire(given)
    wire.send(LOOKUP_OF_IT)
    assert wire.send(POST % (2 * len(LOOKUP_OF_IT))) == b""
    assert wire.send(LOOKUP_OF_IT) == b""
    wire.send(LOOKUP_OF_IT)
    said = await wire.hear()
    assert said.endswith(BY_THE_APP)
    assert said.count(b"HTTP/1.1") == 1
    assert wire.send(LOOKUP_OF_IT).endswith(BODY)


async def test_who_was_refused_is_not_answered(given: Given) -> None:
    """Nothing is said any more to who had to make room for others."""
    wire = Wire(given)
    wire.send(LOOKUP_OF_IT)
    wire.protocol.give_way()
    assert wire.send(LOOKUP_OF_IT) == b""


async def test_answers_keep_their_order(given: Given) -> None:
    """Who asks before the answer to an earlier request has come waits for that."""
    wire = Wire(given)
    wire.send(LOOKUP_OF_IT)
    assert wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") == b""
    assert wire.send(LOOKUP_OF_IT) == b""
    said = await wire.hear(answers=2)
    assert said.index(BY_THE_APP) < said.rindex(b"HTTP/1.1 200")


async def test_two_in_one_packet_are_two(given: Given) -> None:
    """A packet that holds more than a request is none that is remembered."""
    wire = Wire(given)
    for _ in range(3):
        assert wire.send(2 * LOOKUP_OF_IT).count(BODY) == 2
    for packet in HEAD, b"\r\n" + LOOKUP_OF_IT, HEAD, b"\r\n":
        wire.send(packet)
    assert not given.asked


async def test_a_request_whose_body_is_to_come_is_not_all(given: Given) -> None:
    """Neither is it remembered without its body, nor is the next together with that."""
    wire = Wire(given)
    for packet in _with(b"Content-Length: 3"), b"abc" + LOOKUP_OF_IT:
        assert wire.send(packet).endswith(BODY)
        assert not given.asked


@pytest.mark.parametrize(
    "field",
    [
        b"Cookie: desk=secret",
        b"X-Forwarded-For: 192.0.2.1",
        b"X-Request-ID: its-own",
        b"Traceparent: 00-1-1-01",
        b"Upgrade: h2c\r\nConnection: Upgrade",
        b"Content-Length: 0",
        b"User-Agent: " + b"x" * front._LONGEST_REMEMBERED,  # noqa: SLF001 - the bound that is tested
    ],
    ids=["secret", "address", "id", "unknown", "upgrade", "body", "long"],
)
async def test_some_are_not_remembered(given: Given, field: bytes) -> None:
    """No secret and no address is, nothing that never comes again or is long, no other protocol."""
    wire = Wire(given)
    assert wire.send(_with(field)).endswith(BODY)
    assert not given.asked


async def test_nothing_behind_the_last_request_is_answered(given: Given) -> None:
    """That it is the last may be said behind a body: then the parser takes nothing any more."""
    wire = Wire(given)
    wire.send(LOOKUP_OF_IT)
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nConnection: close\r\n\r\n"
    assert wire.send(chunked + POST % 36).count(b"HTTP/1.1 ") == 1
    assert wire.is_closed
    assert list(given.asked) == [LOOKUP_OF_IT]
    assert wire.send(LOOKUP_OF_IT) == b""


async def test_what_is_remembered_is_bounded(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks in ever new ways makes others be parsed again, and takes no more memory."""
    monkeypatch.setattr(front, "_MOST_REMEMBERED", 3)
    wire = Wire(given)
    for number in range(20):
        wire.send(_with(b"Accept: %d" % number))
        assert 1 <= len(given.asked) <= 3


async def test_an_answer_that_is_not_kept_any_more_is_looked_for(given: Given) -> None:
    """What has been asked for again is no older than what is asked for the first time."""
    wire = Wire(given)
    assert wire.send(LOOKUP_OF_IT).endswith(BODY)
    given.kept.forget({"*"})
    assert wire.send(LOOKUP_OF_IT) == b""
    assert (await wire.hear()).endswith(BY_THE_APP)


async def test_who_asks_too_often_is_told_by_the_app(given: Given) -> None:
    """The limit counts what is not parsed too."""
    wire = Wire(given)
    for number in range(1000):
        assert _left(wire.send(LOOKUP_OF_IT)) == 999 - number
    assert wire.send(LOOKUP_OF_IT) == b""
    assert (await wire.hear()).endswith(BY_THE_APP)
    assert wire.parsed == 2


async def test_a_proxy_is_no_client(given: Given) -> None:
    """Where a trusted proxy says for whom it asks, each of those has a limit of their own."""
    wire = Wire(given, proxies=PEER)
    for left in 999, 998:
        for field in (), (b"X-Forwarded-For: 192.0.2.1",), (b"X-Forwarded-For: 192.0.2.2",):
            assert _left(wire.send(_with(*field))) == left


async def test_who_does_not_read_waits(given: Given) -> None:
    """A client that takes nothing any more is answered by the app, which waits for it."""
    wire = Wire(given)
    wire.send(LOOKUP_OF_IT)
    wire.protocol.pause_writing()
    assert wire.send(LOOKUP_OF_IT) == b""
    wire.protocol.resume_writing()
    assert (await wire.hear()).endswith(BY_THE_APP)


async def test_a_connection_in_use_stays_and_an_idle_one_ends(given: Given) -> None:
    """What is not parsed is a sign of life as well, and when it was answered the time begins."""
    settings = Settings(request_timeout=0.5)
    request = _with(b"Accept: */*", b"Connection: keep-alive")
    with (
        small_server.serving(settings=settings, given=given) as port,
        small_server.connect(port) as connection,
    ):
        for _ in range(10):
            connection.sendall(request)
            assert connection.recv(65536).endswith(BODY)
            await asyncio.sleep(0.1)
        assert small_server.read(connection) == b""

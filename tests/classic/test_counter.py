"""The plain requests, which are served in front of the router, and those that are handed on."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

import support
from calendula.app import create_app
from calendula.classic import service
from calendula.classic.bookings import Bookings
from calendula.database import Database
from calendula.settings import Settings
from support.metrics import requests

BOOKING = {**support.BOOKING, "date": "2099-02-06"}  # ahead, so that it can be cancelled
ASKED = {"doctor_name": BOOKING["doctor_name"], "date": BOOKING["date"]}
_BY_ROUTE = {"Content-Type": "application/json; charset=utf-8"}  # which the counter hands on


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The operations that the routes have served."""
    served: list[str] = []
    for name in "book", "look_up":
        really = getattr(service, name)

        def call(*args: Any, name: str = name, really: Any = really, **more: Any) -> Any:
            served.append(name)
            return really(*args, **more)

        monkeypatch.setattr(service, name, call)
    return served


def _free(client: TestClient) -> list[str]:
    slots: list[str] = client.get("/available_slots", params=ASKED).json()["available_slots"]
    return slots


def _book(client: TestClient, slot: str, **headers: str) -> Response:
    return client.post("/book_appointment", json={**BOOKING, "time_slot": slot}, headers=headers)


def _headers(answer: Response) -> dict[str, str]:
    changing = {"x-request-id", "date", "content-length"}
    return {name: value for name, value in answer.headers.items() if name not in changing}


def test_plain_requests_are_served_at_the_counter(client: TestClient, calls: list[str]) -> None:
    """Neither a lookup nor a booking that is won needs the routes."""
    slot = _free(client)[0]
    assert _book(client, slot).status_code == 201
    assert slot not in _free(client)
    assert _book(client, slot).status_code == 409
    assert calls == []


def test_a_booking_is_seen_by_the_next_lookup(client: TestClient) -> None:
    """However often it was asked for before: who has a 201 finds the slot gone."""
    free = _free(client)
    while free:
        assert _free(client) == free
        assert _book(client, free[-1]).status_code == 201
        free = free[:-1]
        assert _free(client) == free


def test_what_comes_free_is_seen_by_the_next_lookup(client: TestClient) -> None:
    """Behind a cancellation the slot is offered again."""
    free = _free(client)
    booked = _book(client, free[0]).json()
    assert _free(client) == free[1:]
    headers = {"Authorization": f"Bearer {booked['manage_token']}"}
    path = f"/v1/appointments/{booked['appointment_id']}"
    version = client.get(path, headers=headers).headers["ETag"]
    answer = client.post(f"{path}/cancel", headers={**headers, "If-Match": version}, json={})
    assert answer.status_code == 200
    assert _free(client) == free


def test_the_counter_answers_as_the_routes_do(client: TestClient, calls: list[str]) -> None:
    """Nobody can tell by an answer who has given it: not by its members, nor by its headers."""
    slots = _free(client)
    at_counter, by_route = _book(client, slots[0]), _book(client, slots[1], **_BY_ROUTE)
    assert calls == ["book"]
    assert (at_counter.status_code, by_route.status_code) == (201, 201)
    assert at_counter.json().keys() == by_route.json().keys()
    assert _headers(at_counter) == _headers(by_route)
    refused, refused_by_route = _book(client, slots[0]), _book(client, slots[0], **_BY_ROUTE)
    assert calls[1:] == ["book", "look_up"]
    assert refused.json() == refused_by_route.json()
    assert _headers(refused) == _headers(refused_by_route)


def test_lookups_are_answered_as_by_the_route(client: TestClient, calls: list[str]) -> None:
    """The body and headers of a lookup are the route's, also of one whose answer was kept."""
    at_counter, *again = [client.get("/available_slots", params=ASKED) for _ in range(4)]
    no_key = {"Authorization": "Basic eDp5"}
    by_route = client.get("/available_slots", params=ASKED, headers=no_key)
    assert calls == ["look_up"]
    assert at_counter.content == by_route.content
    assert _headers(at_counter) == _headers(by_route)
    for answer in again:
        assert answer.content == by_route.content
        assert _headers(answer) == _headers(by_route)
        assert len(answer.headers["X-Request-ID"]) == 32


def test_a_long_lookup_is_not_remembered(client: TestClient, calls: list[str]) -> None:
    """It is answered by the route, which keeps nothing: whoever writes long fills no memory."""
    name = "अ" * 200  # 1,800 bytes of a query
    assert client.post("/book_appointment", json={**BOOKING, "doctor_name": name}).is_success
    calls.clear()
    asked = {**ASKED, "doctor_name": name}
    answers = [client.get("/available_slots", params=asked).json() for _ in range(2)]
    assert BOOKING["time_slot"] not in answers[0]["available_slots"]
    assert answers[0] == answers[1]
    assert calls == ["look_up", "look_up"]


def test_a_lookup_keeps_the_id_it_came_with(client: TestClient) -> None:
    """An id of the caller's is taken over, whoever answers."""
    for number in range(3):
        headers = {"X-Request-ID": f"request-{number}"}
        answer = client.get("/available_slots", params=ASKED, headers=headers)
        assert answer.headers["X-Request-ID"] == headers["X-Request-ID"]


@pytest.mark.parametrize("key", ["abc-123", '"abc-123"'], ids=["bare", "quoted"])
def test_a_key_makes_a_retry_safe_wherever_it_is_served(client: TestClient, key: str) -> None:
    """The first answer comes again, whichever of the two has given it."""
    slot = _free(client)[0]
    first = _book(client, slot, **{"Idempotency-Key": key})
    for headers in {}, _BY_ROUTE:
        again = _book(client, slot, **{"Idempotency-Key": "abc-123", **headers})
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"


def test_a_body_in_parts_is_read_whole(client: TestClient) -> None:
    """A booking whose length is not told beforehand is booked like any other."""
    body = json.dumps(BOOKING).encode()
    parts = iter([body[:10], body[10:]])
    headers = {"Content-Type": "application/json"}
    answer = client.post("/book_appointment", content=parts, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer nothing"},
        {"Authorization": "Bearer cal_12345678_" + "x" * 43},
    ],
    ids=["no key", "no good key"],
)
def test_a_key_that_is_no_good_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    """Who shows a key is asked for it, on plain requests too."""
    assert client.get("/available_slots", params=ASKED, headers=headers).status_code == 401
    assert _book(client, "9:00 AM - 9:30 AM", **headers).status_code == 401


def test_what_nobody_has_foreseen_is_answered_as_ever(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error at the counter is a 500 with its id and its line, and does not say what it was."""

    async def fail(*_: object) -> None:
        raise LookupError("Asha")

    monkeypatch.setattr(Bookings, "answer", fail)
    answer = _book(client, "10:00 AM - 10:30 AM")
    assert answer.status_code == 500
    assert answer.json()["msg"] == "Error in booking appointment!"
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(answer.headers["X-Request-ID"]) == 32
    (line,) = [it for it in caplog.records if answer.headers["X-Request-ID"] in it.getMessage()]
    assert "LookupError" in line.getMessage()
    assert "Asha" not in answer.text + line.getMessage()


@pytest.mark.parametrize("most", [0, 3], ids=["unlimited", "limited"])
def test_a_request_counts_once_wherever_it_is_served(
    database: Database, settings: Settings, most: int
) -> None:
    """What the counter hands on is not counted again, and whoever has had enough is refused."""
    limited = settings.model_copy(update={"rate_requests": most, "rate_changes": most})
    with TestClient(create_app(limited)) as client:
        answers = [_book(client, "nothing", **headers) for headers in ({}, _BY_ROUTE, {}, {})]
    left = [answer.headers.get("RateLimit", "none").split(";t=")[0] for answer in answers]
    if most:
        assert left == [f'"requests";r={it}' for it in (2, 1, 0, 0)]
        assert [it.status_code for it in answers] == [422, 422, 422, 429]
    else:
        assert left == ["none"] * 4
        assert [it.status_code for it in answers] == [422] * 4


@pytest.mark.parametrize("headers", [{}, _BY_ROUTE], ids=["counter", "route"])
def test_a_body_may_have_so_many_bytes(client: TestClient, headers: dict[str, str]) -> None:
    """One of 64 KiB is read, and one of a byte more is not, whoever serves it."""
    headers = {"Content-Type": "application/json", **headers}
    for size, status in (65_537, 413), (65_536, 201):
        body = json.dumps(BOOKING).ljust(size)
        answer = client.post("/book_appointment", content=body, headers=headers)
        assert answer.status_code == status


def test_what_is_served_at_the_counter_is_counted(client: TestClient, calls: list[str]) -> None:
    """By its method, route and status, as a request that the app serves is."""
    served = ("GET", "/available_slots", 200), ("POST", "/book_appointment", 201)
    before = [requests(*it) for it in served]
    assert _book(client, _free(client)[0]).status_code == 201
    assert [requests(*it) for it in served] == [it + 1 for it in before]
    assert calls == []

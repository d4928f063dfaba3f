"""Lookups that are done together: what goes wrong with one costs the others nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from calendula.availability import together
from calendula.errors import Unavailable
from support import BOOKING, batches, clinic

_BY_ROUTE = {"Authorization": "Basic eDp5"}  # which is no key, and is not looked at in front of it


def _look(client: TestClient, day: str, **headers: str) -> Response:
    asked = {"doctor_name": BOOKING["doctor_name"], "date": day}
    return client.get("/available_slots", params=asked, headers=headers)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_dates_like_others(
    admin: TestClient, client: TestClient, day: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where a notice or a horizon is counted from them."""
    limits = {"minimum_notice_minutes": 24 * 60, "horizon_days": 30}
    doctor = clinic.find(admin, BOOKING["doctor_name"])
    assert admin.put(f"/v1/doctors/{doctor}/policy", json=limits).is_success
    del client.headers["Authorization"]
    at_counter, by_route = _look(client, day), _look(client, day, **_BY_ROUTE)
    assert at_counter.status_code == 200
    assert at_counter.json() == by_route.json()
    assert "lookups apart" not in caplog.text


def test_what_one_fails_for_costs_its_neighbours_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where a query fails for one of them, each is answered by the route."""
    really = together.days_at
    bad = "2099-02-03"

    def days_at(session: Any, memory: Any, asked: Any, **more: Any) -> Any:
        if any(it.date.isoformat() == bad for it in asked):
            raise OverflowError
        return really(session, memory, asked, **more)

    monkeypatch.setattr(together, "days_at", days_at)
    sizes = batches.sizes(monkeypatch, together, "days_at")
    days = [f"2099-02-{number:02}" for number in range(2, 7)]
    with ThreadPoolExecutor(len(days)) as pool:
        answers = list(pool.map(lambda day: _look(client, day), days))
    assert max(sizes) > 1
    assert "lookups apart" in caplog.text
    for day, answer in zip(days, answers, strict=True):
        assert answer.status_code == 200
        assert answer.json() == _look(client, day, **_BY_ROUTE).json()


def test_a_database_that_is_gone_is_not_asked_twice(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waited for it is told so at once, and does not wait for it again by the route."""

    def days_at(*_: object, **__: object) -> None:
        raise Unavailable("The database is not there.")

    monkeypatch.setattr(together, "days_at", days_at)
    answer = _look(client, "2099-02-06")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["msg"]


def test_what_is_booked_while_it_is_read_is_not_kept(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks behind a booking is not told what was read before it."""
    day, other = "2099-02-06", "2099-02-05"
    booking = {**BOOKING, "date": day}
    assert _look(client, other).status_code == 200  # which makes the doctor known
    really = together.days_at

    def days_at(*args: Any, **more: Any) -> Any:
        found = really(*args, **more)
        monkeypatch.setattr(together, "days_at", really)
        assert client.post("/book_appointment", json=booking).status_code == 201
        return found

    monkeypatch.setattr(together, "days_at", days_at)
    assert BOOKING["time_slot"] in _look(client, day).json()["available_slots"]
    assert BOOKING["time_slot"] not in _look(client, day).json()["available_slots"]

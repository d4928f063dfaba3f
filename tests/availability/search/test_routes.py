"""`GET /v1/slots/search`, as clients see it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support.booking import expire, hold, reserve
from support.clinic import DAY, MEI, every_day, walk, weekday, window

PATH = "/v1/slots/search"
ON_DAY = {"from": str(DAY), "to": str(DAY)}


def _search(client: TestClient, **asked: Any) -> list[Any]:
    answer = client.get(PATH, params={**ON_DAY, **asked})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def _starts(client: TestClient, **asked: Any) -> list[str]:
    return [it["start"] for it in _search(client, **asked)]


def test_a_slot_says_whose_and_when_it_is(client: TestClient, mei: str) -> None:
    """Each slot has its doctor, with what patients know them by, and all that a booking needs."""
    slot = _search(client, name="mei")[0]
    assert slot == {
        "doctor_id": mei,
        "doctor_name": MEI,
        "specialty": "Cardiology",
        "start": f"{DAY}T09:00:00+05:30",
        "end": f"{DAY}T09:30:00+05:30",
        "label": "9:00 AM - 9:30 AM",
        "date": str(DAY),
    }
    assert reserve(client, mei, slot["start"]).status_code == 201
    there = _search(client, name="mei", time_zone="America/New_York")[0]
    assert datetime.fromisoformat(there["start"]).utcoffset() in {
        timedelta(hours=-5),
        timedelta(hours=-4),
    }
    assert (there["label"], there["date"]) == ("9:30 AM - 10:00 AM", str(DAY))


def test_all_doctors_are_in_the_order_of_time(client: TestClient) -> None:
    """The slots of all doctors come by start and doctor, page by page, each once."""
    whole = _search(client, limit=200)
    order = [(it["start"], it["doctor_id"]) for it in whole]
    assert order == sorted(set(order))
    assert len({it["doctor_id"] for it in whole}) > 1
    assert walk(client, PATH, **ON_DAY, limit="3") == whole


@pytest.mark.parametrize(
    ("asked", "first", "number"),
    [
        ({"part_of_day": "morning"}, "09:00", 6),
        ({"part_of_day": "afternoon"}, "14:00", 2),
        ({"part_of_day": "evening"}, None, 0),
        ({"weekdays": weekday(DAY)}, "09:00", 8),
        ({"weekdays": f"{weekday(DAY)},{weekday(DAY + timedelta(days=1))}"}, "09:00", 8),
        ({"weekdays": weekday(DAY + timedelta(days=1))}, None, 0),
        ({"specialty": "CARDIOLOGY"}, "09:00", 8),
        ({"specialty": "astrology"}, None, 0),
        ({"name": "chen MEI"}, "09:00", 8),
        ({"name": "mei kumar"}, None, 0),
    ],
)
def test_what_is_wished_for_is_found(
    client: TestClient, asked: dict[str, str], first: str | None, number: int
) -> None:
    """The part of the day, weekdays, specialty and words of the name choose among the slots."""
    starts = _starts(client, **{"name": "mei", **asked})
    assert len(starts) == number
    assert first is None or starts[0] == f"{DAY}T{first}:00+05:30"


def test_a_booked_slot_goes_and_a_cancelled_one_comes_back(client: TestClient, mei: str) -> None:
    """What was booked is not found from its 201 on, and is found from the cancellation on."""
    before = _starts(client, name="mei")
    booked = reserve(client, mei, before[2]).json()
    assert _starts(client, name="mei") == before[:2] + before[3:]
    headers = {"Authorization": f"Bearer {booked['manage_token']}"}
    cancelled = client.post(f"/v1/appointments/{booked['id']}/cancel", json={}, headers=headers)
    assert cancelled.status_code == 200
    assert _starts(client, name="mei") == before


def test_another_worker_knows_it_at_once(
    client: TestClient, database: Database, settings: Settings, mei: str
) -> None:
    """What one worker has booked or cancelled, the next search of another one tells."""
    with TestClient(create_app(settings)) as other:
        before = _starts(other, name="mei")
        for start in before[:4]:
            booked = reserve(client, mei, start).json()
            assert start not in _starts(other, name="mei")
            headers = {"Authorization": f"Bearer {booked['manage_token']}"}
            client.post(f"/v1/appointments/{booked['id']}/cancel", json={}, headers=headers)
            assert _starts(other, name="mei") == before


def test_a_held_slot_is_not_found_until_the_hold_ends(
    client: TestClient, database: Database, mei: str
) -> None:
    """A hold takes its slot out, and its end puts it back, though no event tells of it."""
    before = _starts(client, name="mei")
    assert hold(client, mei, before[0]).status_code == 201
    assert _starts(client, name="mei") == before[1:]
    expire(database)
    assert _starts(client, name="mei") == before


def test_a_visit_needs_room(admin: TestClient, mei: str) -> None:
    """With a visit type, the starts are those at which it fits, with whoever offers it."""
    body = {"name": "Long", "duration_minutes": 60, "buffer_after_minutes": 30, "doctor_ids": [mei]}
    kind = admin.post("/v1/visit-types", json=body).json()["id"]
    found = _search(admin, visit_type=kind)
    assert {it["doctor_id"] for it in found} == {mei}
    assert [it["start"][11:16] for it in found] == ["09:00", "09:30", "10:00", "10:30"]
    assert reserve(admin, mei, found[1]["start"], visit_type_id=kind).status_code == 201
    assert [it["start"][11:16] for it in _search(admin, visit_type=kind)] == []
    assert admin.get(PATH, params={"visit_type": mei}).status_code == 404


def test_a_private_visit_type_is_the_staffs(admin: TestClient) -> None:
    """A kind of visit that patients may not book is not found for them."""
    body = {"name": "Inner", "duration_minutes": 30, "public": False}
    kind = admin.post("/v1/visit-types", json=body).json()["id"]
    assert _search(admin, visit_type=kind)
    del admin.headers["authorization"]
    assert admin.get(PATH, params={"visit_type": kind}).status_code == 404


def test_dates_are_each_doctors_own(admin: TestClient, mei: str) -> None:
    """A date is a date by the clock on the doctor's wall; the order is that of the instants."""
    admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Pacific/Kiritimati"})
    found = _search(admin, limit=200)
    assert {it["date"] for it in found} == {str(DAY)}
    assert found[0]["doctor_id"] == mei
    instants = [datetime.fromisoformat(it["start"]) for it in found]
    assert instants == sorted(instants)


def test_nights_are_found(admin: TestClient, mei: str) -> None:
    """A slot after midnight has the date that it is on, and is found on that date alone."""
    admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("22:00", "02:00", 60)))
    assert [it["start"][:16] for it in _search(admin, name="mei")] == [
        f"{DAY}T{hour}:00" for hour in ("00", "01", "22", "23")
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2020-01-02", "to": "2020-01-01"},
        {"from": str(DAY), "to": str(DAY - timedelta(days=1))},
        {"to": str(datetime.now(UTC).date() + timedelta(days=370))},
        {"from": "9999-12-31", "to": "9999-12-31"},
        {"weekdays": "monday"},
        {"weekdays": ""},
        {"part_of_day": "night"},
        {"time_zone": "Mars"},
        {"limit": "0"},
        {"limit": "201"},
        {"cursor": "abc"},
        {"cursor": "WyIyMDM1IiwgIjEiXQ"},
        {"wekdays": "mon"},
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, asked: dict[str, str]) -> None:
    """Dates without an order or beyond a year, unknown words and others' cursors are 422."""
    assert client.get(PATH, params={**ON_DAY, **asked}).status_code == 422


def test_the_past_is_not_offered(client: TestClient) -> None:
    """Also an open clinic offers nothing that has begun, whatever dates are asked for."""
    assert _search(client, **{"from": "2020-01-01", "to": "2020-01-02"}) == []
    now = datetime.now(UTC)
    found = client.get(PATH, params={"from": str(date(2020, 1, 1))}).json()["items"]
    assert all(datetime.fromisoformat(it["start"]) > now for it in found)

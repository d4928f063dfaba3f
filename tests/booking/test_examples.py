"""The OpenAPI document shows what holds, bookings and their changes really answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import examples
from support.access import bearer, make_key

NOW = datetime(2035, 9, 29, 9, tzinfo=UTC)
TOO_LATE = datetime(2035, 10, 1, 4, tzinfo=UTC)
NEW = {"name": "Dr. Meera Nair", "specialty": "Cardiology", "time_zone": "Asia/Kolkata"}
CLINIC = {
    "name": "Sunrise Clinic",
    "phone": "+91 80 5550 0100",
    "holidays": None,
    "policy": {"cancel_cutoff_minutes": 60, "move_cutoff_minutes": 60},
}
ASHA = {"identifier": "P-1001", "name": "Asha Verma", "email": "asha@example.com"}
HOLDS = "/v1/holds"
APPOINTMENTS = "/v1/appointments"


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    """The clinic of the examples, where a client has two holds at a time."""
    return Settings(database_url=sqlite_url, open_clinic=False, holds_per_client=2)


@pytest.fixture
def client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A patient's client of the clinic, two days before the examples."""
    monkeypatch.setattr("calendula.clock.now", lambda: NOW)
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def staff(client: TestClient, settings: Settings) -> dict[str, str]:
    """The header of an admin's key."""
    database = Database.from_settings(settings)
    headers = bearer(make_key(database, ADMIN).text)
    database.close()
    return headers


@pytest.fixture
def doctor(client: TestClient, staff: dict[str, str]) -> str:
    """The id of the doctor of the examples, in a clinic that can be called."""
    assert client.put("/v1/clinic", json=CLINIC, headers=staff).status_code == 200
    return str(client.post("/v1/doctors", json=NEW, headers=staff).json()["id"])


def _at(doctor: str, time: str = "10:00") -> dict[str, str]:
    return {"doctor_id": doctor, "start": f"2035-10-01T{time}:00+05:30"}


def _own(booked: Any) -> tuple[str, dict[str, str]]:
    """Return the path of what was booked, and the header that opens it."""
    body = booked.json()
    return f"{APPOINTMENTS}/{body['id']}", bearer(body["manage_token"])


def _hold(client: TestClient, doctor: str) -> dict[str, Any]:
    """Hold the slot, and more; return the answers by example."""
    slot, wanted = _at(doctor), {**_at(doctor), "patient": ASHA}
    held = client.post(HOLDS, json=slot)
    answers = {
        "held": held,
        "held_by_another": client.post(APPOINTMENTS, json=wanted),
        "not_offered": client.post(HOLDS, json=_at(doctor, "10:15")),
        "unknown_hold": client.delete(f"{HOLDS}/{uuid4()}", headers=_token(held)),
    }
    other = client.post(HOLDS, json=_at(doctor, "14:00"))
    answers["too_many_holds"] = client.post(HOLDS, json=_at(doctor, "14:30"))
    for each in other, held:
        path = f"{HOLDS}/{each.json()['id']}"
        assert client.delete(path, headers=_token(each)).status_code == 204
    token = held.json()["token"]
    answers["hold_ended"] = client.post(APPOINTMENTS, json={**wanted, "hold": token})
    return answers


def _token(held: Any) -> dict[str, str]:
    return bearer(held.json()["token"])


def _change(client: TestClient, staff: dict[str, str], doctor: str) -> dict[str, Any]:
    """Book, read, move and cancel as a patient; return the answers by example."""
    wanted = {**_at(doctor), "patient": ASHA}
    first = client.post(APPOINTMENTS, json=wanted)
    path, own = _own(first)
    answers = {
        "booked": first,
        "taken": client.post(APPOINTMENTS, json=wanted),
        "own": client.get(path, headers=own),
        "of_the_staff": client.get(path, headers=staff),
        "unknown_appointment": client.get(f"{APPOINTMENTS}/{uuid4()}", headers=own),
        "cancelled": client.post(f"{path}/cancel", json={}, headers=own),
    }
    path, own = _own(client.post(APPOINTMENTS, json=wanted))
    later = {"start": _at(doctor, "11:00")["start"]}
    answers["moved"] = client.post(f"{path}/move", json=later, headers=own)
    client.post(f"{path}/arrive", headers=staff)
    return answers | {"arrived": client.post(f"{path}/move", json=later, headers=staff)}


def _come_late(client: TestClient, doctor: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    path, own = _own(client.post(APPOINTMENTS, json={**_at(doctor), "patient": ASHA}))
    later = {"start": _at(doctor, "14:00")["start"]}
    monkeypatch.setattr("calendula.clock.now", lambda: TOO_LATE)
    return {
        "too_late_to_move": client.post(f"{path}/move", json=later, headers=own),
        "too_late_to_cancel": client.post(f"{path}/cancel", json={}, headers=own),
    }


def test_the_examples_are_real(
    client: TestClient, staff: dict[str, str], doctor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every documented answer is one that the service gives, but for the ids; none is left over."""
    answers = _hold(client, doctor) | _change(client, staff, doctor)
    answers |= _come_late(client, doctor, monkeypatch)
    examples.compare(client.get("/openapi.json").json(), answers, "booking")

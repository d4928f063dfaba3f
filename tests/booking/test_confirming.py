"""A hold becomes an appointment."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from calendula.access.roles import RECEPTION, Role
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support.access import bearer, key
from support.booking import expire, free, hold, reserve
from support.clinic import (
    DAY,
    RAJESH,
    find,
)

WHO = {
    "identifier": "P-7",
    "name": "Asha Verma",
    "email": "asha@example.org",
    "phone": "+91 80 5550 1234",
}
NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency"}


def test_a_hold_is_booked(client: TestClient, database: Database, mei: str) -> None:
    """With its token, and under its id; the hold's own token opens nothing any more."""
    start = free(client, mei)[0]
    held = hold(client, mei, start).json()
    booked = reserve(client, mei, start, hold=held["token"])
    assert booked.status_code == 201
    assert booked.json()["id"] == held["id"]
    path = f"/v1/appointments/{held['id']}"
    assert client.get(path, headers=bearer(booked.json()["manage_token"])).status_code == 200
    assert client.get(path, headers=bearer(held["token"])).status_code == 401
    again = reserve(client, mei, start, hold=held["token"])
    assert (again.status_code, again.json()["code"]) == (409, "hold-ended")
    desk = key(database, RECEPTION)
    moved = client.post(f"{path}/move", json={"start": free(client, mei)[0]}, headers=desk)
    assert moved.status_code == 200
    assert client.get(path, headers=bearer(held["token"])).status_code == 401


def test_a_hold_is_booked_for_a_longer_visit(admin: TestClient, mei: str) -> None:
    """What is held is the time from then on; if the visit needs more, that must be free too."""
    visit = {"name": "Long", "duration_minutes": 45, "buffer_after_minutes": 15}
    long = admin.post("/v1/visit-types", json=visit).json()["id"]
    first, second, third = free(admin, mei)[:3]
    token = hold(admin, mei, first).json()["token"]
    other = hold(admin, mei, second).json()["token"]
    refused = reserve(admin, mei, first, hold=token, visit_type_id=long)
    assert (refused.status_code, refused.json()["code"]) == (409, "slot-held")
    assert reserve(admin, mei, third).status_code == 201
    other_id = hold(admin, mei, free(admin, mei)[0]).json()["id"]
    assert other_id
    assert reserve(admin, mei, second, hold=other).status_code == 201
    assert reserve(admin, mei, first, hold=token).status_code == 201


def test_an_expired_hold_is_not_booked(client: TestClient, database: Database, mei: str) -> None:
    """Who comes too late with it is told so, even where the slot is still free."""
    start = free(client, mei)[0]
    token = hold(client, mei, start).json()["token"]
    expire(database)
    late = reserve(client, mei, start, hold=token)
    assert (late.status_code, late.json()["code"]) == (409, "hold-ended")
    assert reserve(client, mei, start).status_code == 201


def test_a_hold_is_of_one_time(client: TestClient, mei: str) -> None:
    """It does not open another slot, another doctor's, nor anything with a token of no hold."""
    first, second = free(client, mei)[:2]
    token = hold(client, mei, first).json()["token"]
    for doctor, start in (mei, second), (find(client, RAJESH), first):
        assert reserve(client, doctor, start, hold=token).status_code == 422
    assert reserve(client, mei, second, hold="mng_" + "x" * 43).status_code == 422
    booked = reserve(client, mei, second).json()["manage_token"]
    not_held = reserve(client, mei, second, hold=booked)
    assert not_held.json()["code"] == "hold-ended"


def test_the_policy_holds(closed_client: TestClient, database: Database, mei: str) -> None:
    """Notice, horizon and number are refused by name, to the staff as well."""
    admin = key(database, Role.ADMIN)
    start, other = free(closed_client, mei)[:2]

    def policy(**limits: int) -> None:
        closed_client.put(f"/v1/doctors/{mei}/policy", json=limits, headers=admin)

    policy(horizon_days=1)
    assert reserve(closed_client, mei, start).json()["code"] == "slot-too-far-ahead"
    policy(minimum_notice_minutes=60 * 24 * 30)
    assert reserve(closed_client, mei, start).json()["code"] == "slot-too-soon"
    policy(max_future_appointments=1)
    assert reserve(closed_client, mei, start, patient=WHO).status_code == 201
    refused = reserve(closed_client, mei, other, patient=WHO)
    assert refused.json()["code"] == "too-many-appointments"
    past = reserve(closed_client, mei, "2025-02-07T10:00:00+05:30")
    assert past.json()["code"] == "slot-passed"


def test_a_hold_keeps_its_promise(
    closed_client: TestClient, database: Database, mei: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could be booked when it was held can be, though the time for it has gone by since."""
    client, start, now = closed_client, free(closed_client, mei)[0], clock.now()
    minutes = (datetime.fromisoformat(start) - now) // timedelta(minutes=1) - 2
    policy = {"minimum_notice_minutes": minutes}
    admin = key(database, Role.ADMIN)
    assert client.put(f"/v1/doctors/{mei}/policy", json=policy, headers=admin).is_success
    token = hold(client, mei, start).json()["token"]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=5))
    assert start not in free(client, mei)
    late = {"patient": WHO, "hold": token}
    assert reserve(client, mei, start, **late).status_code == 201


def test_a_retry_from_another_network_gives_the_same_hold(
    database: Database, settings: Settings, mei: str
) -> None:
    """A telephone that leaves the house does not meet its own hold."""
    app = create_app(settings)
    headers = {"Idempotency-Key": "a hold"}
    answers = []
    with TestClient(app, client=("203.0.113.7", 1)) as home:
        start = free(home, mei)[0]
        answers.append(hold(home, mei, start, headers=headers))
        abroad = TestClient(app, client=("198.51.100.9", 1))
        answers.append(hold(abroad, mei, start, headers=headers))
    assert [it.status_code for it in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()

"""The OpenAPI document shows what a doctor's day and its closing really answer."""

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
from support.clinic import every_day, window

NOW = datetime(2035, 9, 29, 9, tzinfo=UTC)
TEN = "2035-10-01T10:00:00+05:30"
CLOSING = {"date": "2035-10-01", "action": "move"}


@pytest.fixture
def admin(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """An admin's client of a closed clinic, two days before the examples."""
    monkeypatch.setattr("calendula.clock.now", lambda: NOW)
    settings = Settings(database_url=sqlite_url, open_clinic=False)
    database = Database.from_settings(settings)
    headers = bearer(make_key(database, ADMIN).text)
    database.close()
    with TestClient(create_app(settings), headers=headers) as client:
        yield client


def _answers(admin: TestClient) -> dict[str, Any]:
    new = {"name": "Dr. Meera Nair", "time_zone": "Asia/Kolkata"}
    meera = admin.post("/v1/doctors", json=new).json()["id"]
    doctor = f"/v1/doctors/{meera}"
    admin.put(f"{doctor}/hours", json=every_day(window("10:00", "11:30")))
    patient = {"name": "Asha Verma", "identifier": "P-1001"}
    admin.post("/v1/appointments", json={"doctor_id": meera, "start": TEN, "patient": patient})
    admin.post("/v1/holds", json={"doctor_id": meera, "start": "2035-10-01T10:30:00+05:30"})
    cancel = {**CLOSING, "action": "cancel", "reason": "The doctor is ill"}
    return {
        "unknown_doctor": admin.get(f"/v1/doctors/{uuid4()}/day"),
        "stale": admin.post(f"{doctor}/close-day", json=CLOSING, headers={"If-Match": '"0"'}),
        "doctors_day": admin.get(f"{doctor}/day?date=2035-10-01"),
        "no_specialty": admin.post(f"{doctor}/close-day", json={**CLOSING, "to": "specialty"}),
        "day_cancelled": admin.post(f"{doctor}/close-day?dry_run", json=cancel),
        "day_moved": admin.post(f"{doctor}/close-day", json=CLOSING),
    }


def test_the_examples_are_real(admin: TestClient) -> None:
    """Each documented answer is one that the service gives, but for the ids; none is left over."""
    answers = _answers(admin)
    examples.compare(admin.get("/openapi.json").json(), answers, "closing")

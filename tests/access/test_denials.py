"""Whoever is known and asks for what is not theirs is in the log, wherever they were refused."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula.access.roles import AUDITOR, DOCTOR, INTEGRATION
from calendula.database import Database
from calendula.events.models import Event
from support.access import bearer, key, make_key
from support.booking import Booked, free
from support.clinic import RAJESH, find

NIGHT = "2999-01-01T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency", "duration_minutes": 20}
PATIENT = {"name": "Ravi"}

Ask = Callable[[Booked, str, dict[str, dict[str, str]]], Any]


def _book(it: Booked, doctor: str, headers: dict[str, str], **body: Any) -> Any:
    sent = {"doctor_id": doctor, "start": NIGHT, "patient": PATIENT, **body}
    sent = {name: value for name, value in sent.items() if value is not None}
    return it.client.post("/v1/appointments", json=sent, headers=headers)


def _patient_of(it: Booked, headers: dict[str, str]) -> str:
    return str(it.read(headers).json()["patient"]["id"])


ASKS: dict[str, Ask] = {
    "arrive": lambda it, _, by: it.do("arrive", by["token"]),
    "list_events": lambda it, _, by: it.client.get("/v1/events", headers=by["doctor"]),
    "read_appointment": lambda it, _, by: it.read(by["foreign"]),
    "create_appointment": lambda it, rajesh, by: _book(it, rajesh, by["doctor"], **OVERRIDE),
    "create_hold": lambda it, rajesh, by: it.client.post(
        "/v1/holds",
        json={"doctor_id": rajesh, "start": NIGHT, "minutes": 60},
        headers=by["program"],
    ),
    "move_appointment": lambda it, rajesh, by: it.do(
        "move", by["token"], start=NIGHT, doctor_id=rajesh
    ),
    "read_patient": lambda it, _, by: it.client.get(
        f"/v1/patients/{_patient_of(it, by['doctor'])}", headers=by["foreign"]
    ),
    "release_hold": lambda it, _, by: it.client.delete(
        f"/v1/holds/{UUID(int=7)}", headers=by["token"]
    ),
}


@pytest.mark.parametrize("operation", ASKS)
def test_a_denial_is_written_down(
    client: TestClient, database: Database, mei: str, operation: str
) -> None:
    """Once, with who it was and what they wanted; whatever else was written is undone."""
    booked = Booked(client, mei, free(client, mei)[0])
    rajesh = find(client, RAJESH)
    by = {
        "token": booked.token,
        "doctor": key(database, DOCTOR),
        "foreign": bearer(make_key(database, DOCTOR, doctor_id=UUID(rajesh)).text),
        "program": key(database, INTEGRATION),
    }
    answer = ASKS[operation](booked, rajesh, by)
    assert answer.status_code in {403, 404}
    with database.read() as session:
        query = select(Event).where(Event.action == "access.denied")
        (event,) = session.scalars(query)
    assert event.data == {"operation": operation}
    assert event.actor.startswith(("key:", "token:"))


def test_strangers_cannot_fill_the_log(client: TestClient, database: Database, mei: str) -> None:
    """Neither without a key, nor with a bad one, nor with a token and ids that nothing has."""
    booked = Booked(client, mei, free(client, mei)[0])
    auditor = key(database, AUDITOR)
    with database.read() as session:
        before = session.scalar(select(func.count()).select_from(Event))
    for headers in None, bearer("cal_no_key"), bearer("mng_" + "x" * 43):
        assert client.get("/v1/events", headers=headers).status_code == 401
    unknown = client.get(f"/v1/appointments/{UUID(int=7)}", headers=booked.token)
    assert unknown.status_code == 404
    assert client.get("/v1/events", headers=auditor).status_code == 200
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == before

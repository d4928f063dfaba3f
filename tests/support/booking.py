"""Holds and bookings under /v1."""

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import update

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.database import Database
from support.access import bearer
from support.clinic import day_of


def free(client: TestClient, doctor: str, **other: Any) -> list[str]:
    """Return the starts of a doctor's free slots of `DAY`, in time order."""
    return [str(slot["start"]) for slot in day_of(client, doctor, **other)["slots"]]


def reserve(client: TestClient, doctor: str, start: str, **other: Any) -> Any:
    """Return the answer to a booking under /v1, of Asha Verma unless told otherwise."""
    who = {"patient": {"name": "Asha Verma", "email": "asha@example.org"}}
    body = {"doctor_id": doctor, "start": start, **who, **other}
    return client.post("/v1/appointments", json={k: v for k, v in body.items() if v is not None})


def hold(client: TestClient, doctor: str, start: str, **other: Any) -> Any:
    """Return the answer to a hold."""
    headers = other.pop("headers", None)
    body = {"doctor_id": doctor, "start": start, **other}
    return client.post("/v1/holds", json=body, headers=headers)


def expire(database: Database) -> None:
    """Let every hold have expired a moment ago."""
    with database.write() as session:
        a_moment_ago = clock.now() - timedelta(seconds=1)
        session.execute(
            update(Appointment)
            .where(Appointment.status == "pending")
            .values(expires_at=a_moment_ago)
        )


class Booked:
    """An appointment of Dr. Mei Chen's, with what its patient may do."""

    def __init__(self, client: TestClient, doctor: str, start: str, **other: Any) -> None:
        answer = reserve(client, doctor, start, **other)
        assert answer.status_code == 201, answer.text
        self.client, self.start, self.id = client, start, answer.json()["id"]
        self.token = bearer(answer.json()["manage_token"])
        self.path = f"/v1/appointments/{self.id}"

    def read(self, headers: dict[str, str] | None = None) -> Any:
        """Return what a caller sees of it, by default the patient."""
        return self.client.get(self.path, headers=headers or self.token)

    def do(self, action: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        """Return the answer to an action of a caller's, by default the patient's."""
        return self.client.post(f"{self.path}/{action}", json=body, headers=headers or self.token)

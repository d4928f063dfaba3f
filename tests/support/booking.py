"""Holds and bookings under /v1."""

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import update

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.database import Database
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

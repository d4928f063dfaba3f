"""Patients, and what the log says of them."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.database import Database
from calendula.events.models import Event
from calendula.patients import service
from calendula.patients.models import Patient


def add(database: Database, identifier: str | None, name: str, **contact: str) -> str:
    """Let there be a patient; return the id."""
    with database.write() as session:
        return str(service.identify(session, identifier, name, **contact))


def ids_of(database: Database, *names: str) -> list[str]:
    """Return the ids of the patients of these names."""
    with database.read() as session:
        query = select(Patient.id)
        return [str(session.scalars(query.where(Patient.name == it)).one()) for it in names]


def found(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    """Return whom a search finds."""
    answer = client.post("/v1/patients/search", json=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def patient_of(event: Event) -> str:
    """Return the id of the patient whom an event is about."""
    return str(event.patient_id)

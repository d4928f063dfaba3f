"""A clinic with one of each thing in it, for those who ask for all that can be asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from calendula import clock, samples
from calendula.access.models import ApiKey
from calendula.access.roles import ADMIN, Role
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import BOOKING
from support.access import bearer, make_key
from support.bodies import BODIES
from support.clinic import DAY, TWO, book, find

# What limits a client, so high that none of thousands of requests is refused for it.
WITHOUT_LIMITS: dict[str, Any] = {"holds_per_client": 100, "holds_per_key": 1000}


class Furnished(NamedTuple):
    """The clinic, an admin's client of it, and what is there."""

    app: FastAPI
    database: Database
    client: TestClient
    ids: dict[str, str]
    """By the names of the paths' parameters. Beside them a key of each role by its name, one that
    has expired, one that was revoked, and a token of another appointment."""


@contextmanager
def furnished(url: str) -> Iterator[Furnished]:
    """Open an open clinic on a database of this URL, and let there be one of each thing."""
    settings = Settings(database_url=url, open_clinic=True, **WITHOUT_LIMITS)
    database = Database.from_settings(settings)
    samples.add_doctors(database, "UTC")
    app = create_app(settings)
    with TestClient(app) as client:
        client.headers.update(bearer(make_key(database, ADMIN).text))
        yield Furnished(app, database, client, _furnish(client) | _keys(database))
    database.close()


def _furnish(client: TestClient) -> dict[str, str]:
    """Let there be an appointment and one of each thing; return their ids."""
    appointment, mei = book(client), find(client)
    held = client.get(f"/v1/doctors/{mei}/slots", params={"from": str(DAY), "to": str(DAY)}).json()
    start = next(it["start"] for it in held["dates"][0]["slots"] if it["label"] == TWO)
    hold = client.post("/v1/holds", json={"doctor_id": mei, "start": start}).json()
    off = client.post(f"/v1/doctors/{mei}/time-off", json=BODIES["add_time_off"]).json()
    visit = client.post("/v1/visit-types", json={"name": "Check", "duration_minutes": 5}).json()
    key = client.post("/v1/keys", json={"name": "x", "role": "auditor"}).json()
    others = client.post("/book_appointment", json=BOOKING).json()
    (patient,) = client.post("/v1/patients/search", json={"identifier": "P-1"}).json()["items"]
    things = {"time_off": off, "visit_type": visit, "key": key, "patient": patient, "hold": hold}
    ids = {f"{name}_id": str(thing["id"]) for name, thing in things.items()}
    ids |= {"doctor_id": mei, "appointment_id": appointment, "date": str(DAY)}
    return {**ids, "auditors_key": key["key"], "token": others["manage_token"]}


def _keys(database: Database) -> dict[str, str]:
    made = {**{str(role): make_key(database, role) for role in Role}}
    made |= {name: make_key(database, ADMIN) for name in ("expired_key", "revoked_key")}
    with database.write() as session:
        for name, column in ("expired_key", "expires_at"), ("revoked_key", "revoked_at"):
            change = update(ApiKey).where(ApiKey.id == made[name].key.id)
            session.execute(change.values({column: clock.now()}))
    return {name: it.text for name, it in made.items()}

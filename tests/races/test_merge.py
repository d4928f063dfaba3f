"""A merge and bookings under the duplicate's name at the same moment."""

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from uuid import UUID

from sqlalchemy import select

from calendula import clock
from calendula.access.roles import ADMIN
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.patients import service as patients
from calendula.patients.models import Patient
from support import load
from support.access import bearer, make_key
from support.load import Booking
from support.servers import Server

ROUNDS = 20
BOOKERS = 4
JITTER = 0.02  # seconds; about as long as any takes, so that each is first now and then


def _rounds(ready: Barrier) -> Iterator[int]:
    for number in range(ROUNDS):
        ready.wait()
        time.sleep(random.random() * JITTER)  # noqa: S311 - it hides nothing
        yield number


def _book(url: str, ready: Barrier, label: str) -> list[int]:
    """Book for each round's duplicate, each on a day of its own; return the statuses."""
    first = clock.now().date() + timedelta(days=2)
    with load.connection_to(url) as connection:
        return [
            load.book(connection, Booking(_day(first, number), label, number)).status
            for number in _rounds(ready)
        ]


def _day(first: date, number: int) -> date:
    return first + timedelta(days=number)


def _merge(
    url: str, ready: Barrier, pairs: list[tuple[UUID, UUID]], headers: dict[str, str]
) -> list[int]:
    """Merge each round's duplicate into its patient; return the statuses."""
    statuses = []
    with load.connection_to(url) as connection:
        for number in _rounds(ready):
            patient, duplicate = pairs[number]
            body = json.dumps({"duplicate_id": str(duplicate)})
            connection.request("POST", f"/v1/patients/{patient}/merge", body, headers)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
    return statuses


def _pairs(database: Database) -> list[tuple[UUID, UUID]]:
    """Let there be a patient and a duplicate for each round, the one or the other older."""
    pairs = []
    for number in range(ROUNDS):
        names = [f"Patient {number}", "Asha Verma"]
        with database.write() as session:
            older, newer = (
                patients.identify(session, f"P-{number}", name)
                for name in (names if number % 2 else names[::-1])
            )
        pairs.append((newer, older) if number % 2 else (older, newer))
    return pairs


def test_none_is_left_to_the_duplicate(service: Server, database_url: str) -> None:
    """Whoever is first, each appointment is in the end the patient's who remains."""
    with load.database_of(database_url) as database:
        headers = bearer(make_key(database, ADMIN).text) | {"Content-Type": "application/json"}
        pairs = _pairs(database)
        ready = Barrier(BOOKERS + 1, timeout=load.PATIENCE)
        with ThreadPoolExecutor(BOOKERS + 1) as pool:
            bookings = [
                pool.submit(_book, service.url, ready, label) for label in load.LABELS[:BOOKERS]
            ]
            merges = pool.submit(_merge, service.url, ready, pairs, headers)
            assert {status for each in bookings for status in each.result()} == {201}
            assert set(merges.result()) == {200}
        with database.read() as session:
            query = select(Appointment.patient_id, Patient.merged_into).join(
                Patient, Patient.id == Appointment.patient_id
            )
            whose = session.execute(query).all()
    assert len(whose) == ROUNDS * BOOKERS
    assert set(whose) == {(patient, None) for patient, _ in pairs}

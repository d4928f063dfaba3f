"""A patient is erased or merged while somebody else changes an appointment of theirs."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula.appointments import changes
from calendula.appointments.models import Appointment
from calendula.database import Database
from support.clinic import TEN, TWO, book, contents
from support.patients import add, ids_of

SECONDS = 1  # in which a request that does not wait has its answer

Ask = Callable[[], Any]


def _wait(answer: Future[Any]) -> None:
    """See that a request waits."""
    with pytest.raises(TimeoutError):
        answer.result(timeout=SECONDS)


def _erasing(client: TestClient, patient: str) -> Ask:
    return lambda: client.post(f"/v1/patients/{patient}/erase")


def _merging(client: TestClient, patient: str, duplicate: str) -> Ask:
    body = {"duplicate_id": duplicate}
    return lambda: client.post(f"/v1/patients/{patient}/merge", json=body)


def _lock(session: Session, appointment_id: str) -> None:
    query = select(Appointment.id).where(Appointment.id == UUID(appointment_id))
    assert session.scalar(query.with_for_update()) is not None


def test_a_cancellation_in_flight_is_forgotten_too(admin: TestClient, database: Database) -> None:
    """Who erases waits for a cancellation that is not committed, and what it said goes as well."""
    appointment_id = UUID(book(admin))
    (patient,) = ids_of(database, "Asha Verma")
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            found = changes.get(session, appointment_id, lock=True)
            changes.cancel(session, found, actor="test", reason="Asha Verma is dead")
            erased = pool.submit(_erasing(admin, patient))
            _wait(erased)
        assert erased.result().status_code == 200
    assert "is dead" not in str(contents(database))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("what", ["erase", "merge"])
def test_nobody_is_locked_out(admin: TestClient, database: Database, what: str) -> None:
    """Who locks a patient's appointments in the order of their ids gets them, whatever waits."""
    first, second = sorted([book(admin, TEN), book(admin, TWO)])
    (patient,) = ids_of(database, "Asha Verma")
    for each in second, first:  # now the second comes first in the table
        gone = admin.post(f"/v1/appointments/{each}/cancel", json={"reason": "The doctor is ill"})
        assert gone.is_success, gone.text
    other = add(database, "P-9", "Asha Rao")
    ask = _erasing(admin, patient) if what == "erase" else _merging(admin, other, patient)
    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            _lock(session, first)
            answer = pool.submit(ask)
            _wait(answer)
            _lock(session, second)
        assert answer.result().status_code == 200

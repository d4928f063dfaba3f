"""Bookings that are committed together: what goes wrong with one costs the others nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, select, text
from sqlalchemy.orm import Session

from calendula.appointments import together
from calendula.appointments.models import Appointment
from calendula.availability import together as availability
from calendula.database import Database
from calendula.database.ids import new_id
from calendula.events.models import Event
from calendula.idempotency.models import IdempotencyKey
from calendula.patients import service as patients
from calendula.patients.models import Patient
from calendula.patients.service import Identified
from support import BOOKING, batches
from support.load import LABELS

Fail = Callable[[Session], None]


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bookings were done together, each time; who comes first waits for others."""
    return batches.sizes(monkeypatch, together, "book_all")


def test_bookings_of_one_moment_are_committed_together(
    client: TestClient, database: Database, sizes: list[int]
) -> None:
    """Each is told its own outcome, and has its own appointment, event and token."""
    answers = batches.post_all(client, len(LABELS))
    assert [answer.status_code for answer in answers] == [201] * len(LABELS)
    assert max(sizes) > 1
    assert [answer.json()["time_slot"] for answer in answers] == list(LABELS)
    assert len({answer.json()["manage_token"] for answer in answers}) == len(LABELS)
    assert batches.count(database, Appointment) == batches.count(database, Patient) == len(LABELS)
    for answer in answers:
        headers = {"Authorization": f"Bearer {answer.json()['manage_token']}"}
        path = f"/v1/appointments/{answer.json()['appointment_id']}"
        assert client.get(path, headers=headers).json()["start"] == answer.json()["starts_at"]


def test_of_those_who_want_one_slot_one_gets_it(
    client: TestClient, database: Database, sizes: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """The others are told at once what is free, and leave nothing behind, themselves included."""
    answers = batches.post_all(client, 8, time_slot=LABELS[3])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert max(sizes) > 1
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "slot-taken"
    assert refused["available_slots"] == [it for it in LABELS if it != LABELS[3]]
    assert "bookings apart" not in caplog.text
    assert batches.count(database, Appointment) == batches.count(database, Patient) == 1


def test_who_has_won_is_told_so_whatever_comes_behind(
    client: TestClient, database: Database, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A booking that is committed is 201, also where the others cannot be told what is free."""
    monkeypatch.setattr(availability, "days_at", lambda *_, **__: 1 / 0)
    answers = batches.post_all(client, 8, time_slot=LABELS[3])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert max(sizes) > 1
    assert batches.count(database, Appointment) == 1


def test_one_key_books_once(client: TestClient, database: Database, sizes: list[int]) -> None:
    """Requests with one key that come together get one answer, and one appointment."""
    headers = {"Idempotency-Key": "k"}
    with ThreadPoolExecutor(6) as pool:
        post = lambda _: client.post("/book_appointment", json=BOOKING, headers=headers)  # noqa: E731
        answers = list(pool.map(post, range(6)))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 5
    assert max(sizes) > 1
    assert batches.count(database, Appointment) == batches.count(database, IdempotencyKey) == 1


def test_a_key_whose_slot_was_taken_may_be_used_again(client: TestClient) -> None:
    """What was refused may be tried again with the same key, for another slot too."""
    assert batches.post(client, 0).status_code == 201
    headers = {"Idempotency-Key": "k"}
    taken = {**BOOKING, "time_slot": LABELS[0]}
    assert client.post("/book_appointment", json=taken, headers=headers).status_code == 409
    free = {**BOOKING, "time_slot": LABELS[1]}
    assert client.post("/book_appointment", json=free, headers=headers).status_code == 201


def _sleep(session: Session) -> None:
    session.execute(text("SET LOCAL statement_timeout = 1"))
    session.execute(text("SELECT pg_sleep(10)"))


def _lose_connection(session: Session) -> None:
    session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@pytest.mark.parametrize("fail", [_sleep, _lose_connection], ids=["time-out", "connection"])
def test_what_fails_is_done_alone(
    postgresql_url: str, fail: Fail, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a statement takes too long, or the connection is lost, nobody's booking is."""
    with batches.clinic(postgresql_url) as (client, database):
        inner = together.book_all

        def book_all(session: Session, memory: Any, wishes: Any, **more: Any) -> Any:
            result = inner(session, memory, wishes, **more)
            if len(wishes) > 1:
                fail(session)
            return result

        monkeypatch.setattr(together, "book_all", book_all)
        answers = batches.post_all(client, len(LABELS))
        assert [answer.status_code for answer in answers] == [201] * len(LABELS)
        assert max(sizes) > 1
        assert batches.count(database, Appointment) == len(LABELS)
        booked = select(Event).where(Event.action == "appointment.booked")
        assert batches.count(database, booked.subquery()) == len(LABELS)


def test_a_patient_who_is_gone_costs_only_themselves(
    client: TestClient, database: Database, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A foreign key that one booking breaks is no matter of its neighbours."""
    really = patients.identify_all

    def identify_all(session: Session, people: Any) -> Identified:
        found = really(session, people)
        gone = {person: new_id() for person in found.ids if person[0] == "3"}
        return found._replace(ids={**found.ids, **gone})

    monkeypatch.setattr(patients, "identify_all", identify_all)
    answers = batches.post_all(client, len(LABELS))
    assert [answer.status_code for answer in answers] == [201] * len(LABELS)
    assert max(sizes) > 1
    assert batches.count(database, Appointment) == len(LABELS)


def test_an_unknown_outcome_is_said_to_be_unknown(postgresql_url: str, sizes: list[int]) -> None:
    """Who lost the connection in the COMMIT gets 503; by the same key they get their answer."""
    with batches.clinic(postgresql_url) as (client, _):
        database: Database = client.app.state.database  # type: ignore[attr-defined]

        @event.listens_for(database.writer, "commit")
        def lose(connection: Connection) -> None:
            if sizes[-1] > 1 and not lost:
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
                lost.append(sizes[-1])
                with database.reader.connect() as other:
                    other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

        lost: list[int] = []
        answers = batches.post_all(client, len(LABELS), key=True)
        unknown = [answer for answer in answers if answer.status_code == 503]
        assert [len(unknown)] == lost
        for answer in unknown:
            assert answer.headers["Retry-After"] == "1"
            assert answer.json()["msg"] == "Error in booking appointment!"
        again = batches.post_all(client, len(LABELS), key=True)
        assert [answer.status_code for answer in again] == [201] * len(LABELS)

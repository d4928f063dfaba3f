"""Bookings of a doctor whose time is being edited: who wants another doctor hears nothing of it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import select, text

from calendula.appointments import together
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.patients.models import Patient
from support import BOOKING, batches
from support.booking import hold
from support.clinic import find
from support.load import LABELS
from support.waiting import wait_until


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bookings were done together, each time; who comes first waits for others."""
    return batches.sizes(monkeypatch, together, "book_all")


@contextmanager
def _editing(database: Database) -> Iterator[None]:
    """Edit the doctor of the bookings for the length of a block."""
    with database.write() as session:
        edited = select(Doctor.id).where(Doctor.name == BOOKING["doctor_name"])
        session.execute(edited.with_for_update(key_share=True))
        yield


def _waiting_for_locks(database: Database) -> int:
    """Return how many connections wait for what another one has locked."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with database.read() as session:
        return session.scalar(query) or 0


def test_nobody_waits_for_the_edit_of_another_doctor(
    postgresql_url: str, sizes: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """While a doctor's timetable is edited, those who want the doctor wait, and nobody else."""
    count = len(LABELS)
    with batches.clinic(postgresql_url) as (client, database), ThreadPoolExecutor(count) as pool:
        with _editing(database):
            waiting = pool.submit(batches.post, client, 0)
            post = partial(batches.post, client, doctor_name="Dr. Mei Chen")
            others = [pool.submit(post, number) for number in range(1, count)]
            assert [other.result().status_code for other in others] == [201] * (count - 1)
            assert not waiting.done()
        assert waiting.result().status_code == 201
        assert "bookings apart" not in caplog.text
        assert max(sizes) > 1


def test_who_waits_for_an_edit_holds_up_nobody(postgresql_url: str, sizes: list[int]) -> None:
    """All wait with one connection and without a key, also who asks twice, and beside a hold."""
    numbers = [*range(7)] * 2
    with (
        batches.clinic(postgresql_url, pool_size=2) as (client, database),
        ThreadPoolExecutor(len(numbers)) as pool,
    ):
        held = f"{BOOKING['date']}T14:30:00Z"
        assert hold(client, find(client, BOOKING["doctor_name"]), held).status_code == 201
        with _editing(database):
            post = partial(batches.post, client, key=True)
            waiting = [pool.submit(post, number) for number in numbers]
            wait_until(lambda: sum(sizes) == len(numbers) and _waiting_for_locks(database) > 0)
            assert client.get("/v1/doctors").status_code == 200
            assert batches.post(client, 0, doctor_name="Dr. Mei Chen").status_code == 201
            assert _waiting_for_locks(database) == 1
        assert [it.result().status_code for it in waiting] == [201] * len(numbers)
        assert batches.count(database, Appointment) == 7 + 1 + 1


def test_an_edit_is_waited_for_as_long_as_a_lock(postgresql_url: str) -> None:
    """Whoever wants the doctor is told then that nothing was booked, and to come again."""
    with (
        batches.clinic(postgresql_url, lock_timeout=1) as (client, database),
        _editing(database),
    ):
        for answer in batches.post_all(client, len(LABELS)):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert batches.count(database, Appointment) == batches.count(database, Patient) == 0

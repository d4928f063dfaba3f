"""Who has read of whom, within the hour."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula import clock
from calendula.appointments import log
from calendula.appointments.models import Appointment
from calendula.database import Database
from support import clinic
from support.clinic import TEN, TWO


def _unread(database: Database, actor: str) -> list[str]:
    with database.read() as session:
        appointments = session.scalars(select(Appointment)).all()
        return sorted(it.slot for it in log.unread(session, appointments, actor=actor))


def _read(database: Database, actor: str, slot: str) -> None:
    with database.write() as session:
        appointment = session.scalars(select(Appointment).where(Appointment.slot == slot)).one()
        log.mention(session, "patient.read", appointment, actor=actor)


def test_each_patient_is_read_once_by_each(client: TestClient, database: Database) -> None:
    """What one has read is unread to another; two appointments of a patient are one reading."""
    clinic.book(client, TEN)
    clinic.book(client, TWO)
    clinic.book(client, "2:30 PM - 3:00 PM", patient_id="P-2")
    assert len(_unread(database, "key:1")) == 2
    _read(database, "key:1", TEN)
    assert _unread(database, "key:1") == ["2:30 PM - 3:00 PM"]
    assert len(_unread(database, "key:2")) == 2


def test_a_reading_lasts_an_hour(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who goes on looking after that is written down again."""
    clinic.book(client, TEN)
    _read(database, "key:1", TEN)
    later = clock.now() + timedelta(minutes=59)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert _unread(database, "key:1") == []
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(minutes=2))
    assert _unread(database, "key:1") == [TEN]


def test_a_reading_of_the_future_is_none(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the clock was put back, who reads is written down and does not wait for it."""
    clinic.book(client, TEN)
    _read(database, "key:1", TEN)
    an_hour_ago = clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: an_hour_ago)
    assert _unread(database, "key:1") == [TEN]

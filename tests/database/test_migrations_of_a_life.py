"""The step to appointments that have a life, and back, with all that the tables can hold."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from calendula import clock, names
from calendula.access.models import AppointmentToken
from calendula.appointments.models import Appointment
from calendula.database import Database, schema
from calendula.idempotency.models import IdempotencyKey
from calendula.patients.models import Patient
from support.booking import free, hold, reserve
from support.clinic import TWO, book
from support.patients import ids_of

MANY = 1200  # more than are dealt with at once, twice


def _alembic(database: Database, what: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        getattr(command, what)(config, revision)


def _live(admin: TestClient, mei: str) -> str:
    """Let there be a visit with buffers, a hold, and patients of every kind; return the visit."""
    buffers = {"buffer_before_minutes": 5, "buffer_after_minutes": 15}
    visit = {"name": "Visit", "duration_minutes": 30, **buffers}
    kind = admin.post("/v1/visit-types", json=visit).json()["id"]
    second, *_, last = free(admin, mei)[1:5]
    key = {"Idempotency-Key": "a key"}
    who = {"name": "Zoë Müller", "email": "zoe@example.org"}
    body = {"doctor_id": mei, "start": second, "visit_type_id": kind, "patient": who}
    booked = admin.post("/v1/appointments", json=body, headers=key).json()
    assert hold(admin, mei, last).status_code == 201
    book(admin, TWO)
    gone = reserve(admin, mei, "2025-02-07T10:00:00+05:30", patient={"name": "Gone"}).json()
    patient = admin.get(f"/v1/appointments/{gone['id']}").json()["patient"]["id"]
    assert admin.post(f"/v1/patients/{patient}/erase").is_success
    return str(booked["id"])


def _rows(database: Database) -> list[Any]:
    columns = "id, doctor_id, date, slot, starts_at, ends_at, status, orphaned, created_at"
    with database.read() as session:
        query = f"SELECT {columns} FROM appointment WHERE status <> 'pending' ORDER BY id"
        return list(session.execute(text(query)))


def test_appointments_go_back_and_forth(admin: TestClient, database: Database, mei: str) -> None:
    """Each keeps its time and state; a hold is let go, and who was erased stays so."""
    visit = _live(admin, mei)
    before = _rows(database)
    _alembic(database, "downgrade", "0004")
    assert "appointment_token" not in inspect(database.reader).get_table_names()
    assert _rows(database) == before
    with database.read() as session:
        assert session.execute(text("SELECT * FROM patient WHERE name LIKE '%Gone%'")).all() == []
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text(_LATER))
    _alembic(database, "upgrade", "head")
    assert _rows(database) == before
    with database.read() as session:
        appointments = session.scalars(select(Appointment)).all()
        assert {it.status for it in appointments} == {"booked"}
        for it in appointments:
            assert (it.occupied_from, it.occupied_until) == (it.starts_at, it.ends_at)
            assert (it.version, it.sequence, it.updated_at) == (1, 0, it.created_at)
        assert visit in {str(it.id) for it in appointments}
        assert session.scalars(select(AppointmentToken)).all() == []
        (key,) = session.scalars(select(IdempotencyKey))
        assert (key.nonce, str(key.appointment_id)) == (None, visit)
        keys = {it.name: it.search_key for it in session.scalars(select(Patient))}
    assert keys["Zoë Müller"] == names.plain("Zoë Müller")
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text(_LATER_WITH_BUFFERS))


def test_answers_from_before_are_told_apart(admin: TestClient, database: Database) -> None:
    """Each stored answer has its appointment, if it names one, so that it goes with its patient."""
    mine = UUID(book(admin, day=date(2025, 2, 7)))
    (patient,) = ids_of(database, "Asha Verma")
    others = [uuid4() for _ in range(MANY)]
    answers = [{"appointment_id": str(it), "patient_name": "Asha"} for it in (mine, *others)]
    _alembic(database, "downgrade", "0005")
    with database.write() as session:
        rows = [_row(it) for it in (*answers, {"message": "None"}, None)]
        session.connection().execute(insert(IdempotencyKey), rows)
    _alembic(database, "upgrade", "head")
    with database.read() as session:
        query = select(IdempotencyKey.appointment_id, IdempotencyKey.answer)
        found = [(about, answer) for about, answer in session.execute(query)]
    assert {about for about, _ in found} == {mine, *others, None}
    for about, answer in found:
        assert (answer or {}).get("appointment_id") == (about and str(about))
    exported = admin.get(f"/v1/patients/{patient}/export").json()["appointments"]
    assert [[kept["answer"] for kept in it["stored_answers"]] for it in exported] == [answers[:1]]
    assert admin.post(f"/v1/patients/{patient}/erase").is_success
    with database.read() as session:
        left = session.scalars(select(IdempotencyKey.appointment_id)).all()
    assert set(left) == {*others, None}
    assert len(left) == MANY + 2


def _row(answer: dict[str, str] | None) -> dict[str, Any]:
    """Return what was stored of a request, at a time when nothing else was."""
    told = {"fingerprint": b"1" * 32, "answer": answer, "created_at": clock.now()}
    return {"digest": uuid4().bytes * 2, **told}


_LATER = (
    "UPDATE appointment SET starts_at = o.starts_at, ends_at = o.ends_at"
    " FROM (SELECT * FROM appointment WHERE slot LIKE '2:00%') o"
    " WHERE appointment.slot LIKE '9:30%'"
)
_LATER_WITH_BUFFERS = (
    "UPDATE appointment SET starts_at = o.starts_at, ends_at = o.ends_at,"
    " occupied_from = o.occupied_from, occupied_until = o.occupied_until"
    " FROM (SELECT * FROM appointment WHERE slot LIKE '2:00%') o"
    " WHERE appointment.slot LIKE '9:30%'"
)

import logging
from datetime import date, timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access.models import AppointmentToken
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.database import Database
from calendula.events.models import Event
from calendula.idempotency.models import IdempotencyKey
from calendula.patients.models import Patient
from support.clinic import DAY, TEN, TWO, book, contents
from support.patients import add, found, ids_of, patient_of

PAST = date(2025, 2, 7)
EMAIL = "zelda.quux@example.com"
PERSONAL = ("Zelda", "zelda", "Quux", "quux", "P-4711", "zanzibar", "5550177")
NOBODY = dict.fromkeys(("identifier", "name", "email", "phone"))
SAID = {"email": EMAIL, "phone": "5550177", "note": "zanzibar", "reason": "a zanzibar"}


def _see(client: TestClient, database: Database) -> tuple[str, str]:
    """Let a patient have been seen, with all that can be known of them; return the ids."""
    key = {"Idempotency-Key": "zelda"}
    who = {"patient_id": "P-4711", "patient_name": "Zelda Quux"}
    body = {**who, "doctor_name": "Dr. Mei Chen", "date": PAST.isoformat(), "time_slot": TEN}
    appointment = client.post("/book_appointment", json=body, headers=key).json()["appointment_id"]
    book(client, TWO, PAST, patient_id="P-4711", patient_name="Zelda Quuxx")
    patient, alias = ids_of(database, "Zelda Quux", "Zelda Quuxx")
    client.patch(f"/v1/patients/{patient}", json={"email": EMAIL, "phone": "5550177"})
    client.patch(f"/v1/patients/{alias}", json={"email": EMAIL})
    client.post(f"/v1/patients/{patient}/merge", json={"duplicate_id": alias})
    with database.write() as session:
        session.execute(update(Appointment).values(SAID).where(Appointment.date == PAST))
        _keep(session, UUID(appointment), b"1" * 32)
    return patient, appointment


def _keep(session: Session, appointment_id: UUID, digest: bytes) -> None:
    """Let there be a token of an appointment, and a stored answer about it."""
    about = {"digest": digest, "appointment_id": appointment_id}
    session.execute(insert(AppointmentToken).values(**about, expires_at=clock.now()))
    stored = {**about, "fingerprint": digest, "created_at": clock.now()}
    session.execute(insert(IdempotencyKey).values(stored))


def _erase(client: TestClient, patient: str) -> None:
    answer = client.post(f"/v1/patients/{patient}/erase")
    shown = answer.json()
    assert (answer.status_code, shown["id"]) == (200, patient), answer.text
    assert {name: shown[name] for name in NOBODY} == NOBODY
    assert shown["erased_at"] is not None


def test_who_is_erased_is_in_no_table(admin: TestClient, database: Database) -> None:
    """Identity, aliases, contact, notes, tokens and stored answers go; no table has any of it."""
    patient, _ = _see(admin, database)
    assert all(word in str(contents(database)) for word in PERSONAL)
    _erase(admin, patient)
    held = contents(database)
    assert not [word for word in PERSONAL if word in str(held)]
    assert (held["appointment_token"], held["idempotency_key"]) == ([], [])
    assert found(admin, name="zelda") == []
    with database.read() as session:
        keys = select(Patient.search_key, Patient.erased_at.is_not(None))
        assert session.execute(keys).all() == [("", True), ("", True)]


def test_what_the_statistics_need_stays(admin: TestClient, database: Database) -> None:
    """Doctor, time and status of each appointment are as before."""
    columns = (Appointment.doctor_id, Appointment.starts_at, Appointment.slot, Appointment.status)
    query = select(Appointment.id, Appointment.patient_id, *columns).order_by(Appointment.id)
    patient, _ = _see(admin, database)
    with database.read() as session:
        before = session.execute(query).all()
    _erase(admin, patient)
    with database.read() as session:
        assert session.execute(query).all() == before
    assert len(before) == 2


def test_nobody_else_is_erased(admin: TestClient, database: Database) -> None:
    """What is stored about others, and what opens their appointments, stays."""
    other = UUID(book(admin, "2:30 PM - 3:00 PM", PAST))
    with database.write() as session:
        _keep(session, other, b"2" * 32)
    patient, _ = _see(admin, database)
    theirs = {"email": "asha@example.com", "phone": "112", "note": "a ramp", "reason": None}
    with database.write() as session:
        session.execute(update(Appointment).where(Appointment.id == other).values(theirs))
    before = contents(database)
    _erase(admin, patient)
    after = contents(database)
    for table in "patient", "appointment", "appointment_token", "idempotency_key":
        kept = {it for it in before[table] if str(other) in it or "Asha" in it}
        assert kept, table
        assert kept <= set(after[table]), table


def test_no_line_says_who_it_was(
    admin: TestClient, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a log line nor an event nor a path has anything personal in it, at any time."""
    caplog.set_level(logging.DEBUG)
    patient, _ = _see(admin, database)
    found(admin, name="zelda", email=EMAIL, phone="5550177")
    admin.get(f"/v1/patients/{patient}/export")
    _erase(admin, patient)
    lines = [str(it.msg) + it.getMessage() for it in caplog.records]
    assert any("/v1/patients/{patient_id}/erase" in line for line in lines)
    assert not [line for line in lines if any(word in line for word in PERSONAL)]
    with database.read() as session:
        events = session.scalars(select(Event)).all()
    assert not [it for it in events if any(word in str(it.data) for word in PERSONAL)]


def test_an_erasure_is_in_the_log_once(admin: TestClient, database: Database) -> None:
    """Twice is the same as once: the second changes nothing."""
    patient, _ = _see(admin, database)
    _erase(admin, patient)
    before = contents(database)
    _erase(admin, patient)
    assert contents(database) == before
    with database.read() as session:
        (event,) = session.scalars(select(Event).where(Event.action == "patient.erased"))
    assert (patient_of(event), event.data) == (patient, {})


def test_who_was_erased_is_shown_as_nobody(admin: TestClient, database: Database) -> None:
    """What is left of a patient can be read and exported, and not be changed."""
    patient, appointment = _see(admin, database)
    _erase(admin, patient)
    assert admin.get(f"/v1/patients/{patient}").json()["erased_at"] is not None
    exported = admin.get(f"/v1/patients/{patient}/export").json()
    assert appointment in [it["id"] for it in exported["appointments"]]
    changed = admin.patch(f"/v1/patients/{patient}", json={"name": "Zelda"})
    assert (changed.status_code, changed.json()["code"]) == (409, "patient-erased")


def test_who_comes_back_is_somebody_new(admin: TestClient, database: Database) -> None:
    """A booking under an erased identity makes another patient, also under an alias."""
    patient, _ = _see(admin, database)
    _erase(admin, patient)
    ids = {add(database, "P-4711", "Zelda Quux"), add(database, "P-4711", "Zelda Quuxx"), patient}
    assert len(ids) == 3


@pytest.mark.parametrize("status", list(Status))
def test_who_is_still_expected_stays(admin: TestClient, database: Database, status: Status) -> None:
    """With an appointment that is to come, a patient stays, and the answer has its id alone."""
    appointment = book(admin)
    (patient,) = ids_of(database, "Asha Verma")
    hold = {"expires_at": clock.now(), "held_by": "x", "hold_number": 1}
    with database.write() as session:
        more = hold if status is Status.PENDING else {}
        session.execute(update(Appointment).values(status=status.value, **more))
    answer = admin.post(f"/v1/patients/{patient}/erase")
    expected = status in {"pending", "booked", "arrived", "checked-in"}
    assert answer.status_code == (409 if expected else 200)
    if expected:
        problem = answer.json()
        assert problem["code"] == "patient-has-appointments"
        assert problem["appointments"] == [appointment]


def test_only_so_many_are_named(admin: TestClient, database: Database) -> None:
    """Of more than fifty appointments ahead, the first fifty are named."""
    ids = [book(admin, TEN, DAY + timedelta(days=number)) for number in range(51)]
    (patient,) = ids_of(database, "Asha Verma")
    problem = admin.post(f"/v1/patients/{patient}/erase").json()
    assert problem["appointments"] == ids[:50]

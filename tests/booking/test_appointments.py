from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.access.roles import INTEGRATION, Role
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.idempotency.models import IdempotencyKey
from calendula.patients.models import Patient
from support.access import bearer, key
from support.booking import free, reserve
from support.clinic import (
    DAY,
    RAJESH,
    TEN,
    contents,
    find,
    labels,
    try_to_book,
)

WHO = {
    "identifier": "P-7",
    "name": "Asha Verma",
    "email": "asha@example.org",
    "phone": "+91 80 5550 1234",
}
NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency"}


def test_a_booking_is_stored_whole(client: TestClient, database: Database, mei: str) -> None:
    """What was sent is kept, and what is answered is what was kept."""
    answer = reserve(client, mei, free(client, mei)[2], patient=WHO, note="The left knee")
    assert answer.status_code == 201
    shown = answer.json()
    assert answer.headers["Location"] == f"/v1/appointments/{shown['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (shown["doctor_name"], shown["status"], shown["sequence"]) == (
        "Dr. Mei Chen",
        "booked",
        0,
    )
    assert shown["start"] == free(client, find(client, RAJESH))[2]  # whose day is the same
    with database.read() as session:
        stored, patient = session.execute(select(Appointment, Patient).join(Patient)).one()
    assert (stored.email, stored.phone, stored.note) == (
        WHO["email"],
        WHO["phone"],
        "The left knee",
    )
    assert {name: getattr(patient, name) for name in WHO} == WHO


def test_the_answer_does_not_say_who(client: TestClient, mei: str) -> None:
    """It is kept by programs in between, and the patient knows who they are."""
    text = reserve(client, mei, free(client, mei)[0], patient=WHO, note="knee").text
    assert not any(word in text for word in (*WHO.values(), "knee", "Asha"))


def test_of_two_one_gets_the_slot(client: TestClient, mei: str) -> None:
    """By whichever endpoint the other came."""
    first, second = free(client, mei)[:2]
    assert reserve(client, mei, first).status_code == 201
    taken = try_to_book(client, "9:00 AM - 9:30 AM")
    assert (taken.status_code, taken.json()["code"]) == (409, "slot-taken")
    assert "Retry-After" not in taken.headers
    assert try_to_book(client, "9:30 AM - 10:00 AM").status_code == 201
    refused = reserve(client, mei, second)
    assert (refused.status_code, refused.json()["code"]) == (409, "slot-taken")
    assert len(refused.json()["next_slots"]) == 3


def test_a_known_patients_contact_is_not_rewritten(
    client: TestClient, database: Database, mei: str
) -> None:
    """Another address under a known identity is this appointment's, and no more."""
    starts = free(client, mei)
    reserve(client, mei, starts[0], patient=WHO)
    reserve(client, mei, starts[1], patient={**WHO, "email": "thief@example.org"})
    with database.read() as session:
        (patient,) = session.scalars(select(Patient))
        emails = session.scalars(select(Appointment.email).order_by(Appointment.starts_at)).all()
    assert patient.email == WHO["email"]
    assert emails == [WHO["email"], "thief@example.org"]


def test_the_token_is_kept_by_the_patient_alone(
    client: TestClient, database: Database, mei: str
) -> None:
    """It is in no table, and of 256 bits; the classic booking gives one as well."""
    tokens = [
        reserve(client, mei, free(client, mei)[0]).json()["manage_token"],
        try_to_book(client, TEN).json()["manage_token"],
    ]
    rows = str(contents(database))
    for token in tokens:
        assert len(token.removeprefix("mng_")) == 43
        assert token not in rows
        shown = client.get("/v1/appointments", headers=bearer(token))
        assert shown.status_code == 403


@pytest.mark.parametrize("endpoint", ["v1", "classic"])
def test_a_replay_gives_the_same_token(
    client: TestClient, database: Database, mei: str, endpoint: str
) -> None:
    """Made again, not kept: with another key the token would be another."""
    headers = {"Idempotency-Key": "5f0c"}
    start = free(client, mei)[2]
    v1: dict[str, Any] = {"doctor_id": mei, "start": start, "patient": WHO}
    classic = {
        "patient_id": "P-7",
        "patient_name": "Asha Verma",
        "doctor_name": "Dr. Mei Chen",
        "date": DAY.isoformat(),
        "time_slot": TEN,
    }
    is_v1 = endpoint == "v1"
    path, body = ("/v1/appointments", v1) if is_v1 else ("/book_appointment", classic)
    first, again = (client.post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["manage_token"] not in str(contents(database))
    with database.read() as session:
        row = session.scalars(select(IdempotencyKey)).one()
        assert row.appointment_id == session.scalar(select(Appointment.id))
    other = client.post(path, json=body)
    assert other.status_code == 409


def test_an_idempotency_key_is_its_clients_own(
    client: TestClient, database: Database, mei: str
) -> None:
    """Another program that sends the same key and body is not given the patient's token."""
    body = {"doctor_id": mei, "start": free(client, mei)[0], "patient": WHO}
    programs = [key(database, INTEGRATION) | {"Idempotency-Key": "1"} for _ in range(2)]
    first, other = (client.post("/v1/appointments", json=body, headers=it) for it in programs)
    again = client.post("/v1/appointments", json=body, headers=programs[0])
    assert (first.status_code, other.status_code) == (201, 409)
    assert again.json() == first.json()


def test_a_visits_buffers_keep_others_away(admin: TestClient, mei: str) -> None:
    """The time around a visit is the doctor's: nobody else can have it, by any endpoint."""
    visit = {
        "name": "Long",
        "duration_minutes": 30,
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 5,
    }
    long = admin.post("/v1/visit-types", json=visit).json()["id"]
    second = free(admin, mei)[1]
    assert reserve(admin, mei, second, visit_type_id=long).status_code == 201
    assert labels(admin, mei)[0] == "10:30 AM - 11:00 AM"
    for label in "9:00 AM - 9:30 AM", TEN:
        assert try_to_book(admin, label).json()["code"] == "slot-taken"
    assert admin.delete(f"/v1/visit-types/{long}").json()["code"] == "visit-type-in-use"


def test_a_visit_type_must_be_the_doctors(admin: TestClient, mei: str) -> None:
    """What a doctor does not offer, or the public may not book, is not found."""
    body = {"name": "Check", "duration_minutes": 30}
    theirs = admin.post(
        "/v1/visit-types", json={**body, "doctor_ids": [find(admin, RAJESH)]}
    ).json()["id"]
    hidden = admin.post("/v1/visit-types", json={**body, "name": "X", "public": False}).json()["id"]
    start = free(admin, mei)[0]
    assert reserve(admin, mei, start, visit_type_id=theirs).status_code == 404
    with_key = dict(admin.headers)
    admin.headers.pop("authorization")
    assert reserve(admin, mei, start, visit_type_id=hidden).status_code == 404
    admin.headers.update(with_key)
    assert reserve(admin, mei, start, visit_type_id=hidden).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"patient": None},
        {"patient_id": "0194dfbd-6a9c-7d5e-9a0b-5d6f2b0c1e4a"},
        {"override": True},
        {"reason": "why"},
        {"duration_minutes": 30},
        {"hold": "x", **OVERRIDE},
        {"patient": {"email": "asha@example.org"}},
        {"patient": {"name": "Asha", "age": 7}},
        {"note": "x" * 1001},
    ],
)
def test_a_booking_must_make_sense(client: TestClient, mei: str, wrong: dict[str, Any]) -> None:
    """What contradicts itself is 422, and books nothing."""
    start = free(client, mei)[0]
    assert reserve(client, mei, start, **wrong).status_code == 422
    assert start in free(client, mei)


def test_who_sees_nobody_is_not_booked(admin: TestClient, mei: str) -> None:
    """A doctor who sees no patients any more is not found, override or not."""
    start = free(admin, mei)[0]
    admin.post(f"/v1/doctors/{mei}/deactivate")
    for more in {}, OVERRIDE:
        assert reserve(admin, mei, start, **more).status_code == 404


def test_who_is_somebodys_patient_is_not_to_be_guessed(
    closed_client: TestClient, database: Database, mei: str
) -> None:
    """A slot that is taken is taken, whoever is said to want it: the limit shows nobody."""
    admin = key(database, Role.ADMIN)
    start = free(closed_client, mei)[0]
    limit = {"max_future_appointments": 1}
    closed_client.put(f"/v1/doctors/{mei}/policy", json=limit, headers=admin)
    assert reserve(closed_client, mei, start, patient=WHO).status_code == 201
    for who in WHO, {**WHO, "identifier": "P-8"}:
        guessed = reserve(closed_client, mei, start, patient=who)
        assert guessed.json()["code"] == "slot-taken"

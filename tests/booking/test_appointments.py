from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula.access.roles import DOCTOR, INTEGRATION, RECEPTION, Role
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.idempotency.models import IdempotencyKey
from calendula.patients.models import Patient
from support.access import bearer, make_key
from support.booking import expire, free, hold, reserve
from support.clinic import (
    DAY,
    RAJESH,
    TEN,
    contents,
    find,
    labels,
    last_event,
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


def key(database: Database, role: Role) -> dict[str, str]:
    """Return the header of a new key."""
    return bearer(make_key(database, role).text)


@pytest.fixture
def desk(client: TestClient, database: Database) -> TestClient:
    """The client, with a key of the reception."""
    client.headers.update(key(database, RECEPTION))
    return client


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


def test_a_hold_is_booked(client: TestClient, mei: str) -> None:
    """With its token, and under its id; the hold's own token opens nothing any more."""
    start = free(client, mei)[0]
    held = hold(client, mei, start).json()
    booked = reserve(client, mei, start, hold=held["token"])
    assert booked.status_code == 201
    assert booked.json()["id"] == held["id"]
    path = f"/v1/appointments/{held['id']}"
    assert client.get(path, headers=bearer(booked.json()["manage_token"])).status_code == 200
    assert client.get(path, headers=bearer(held["token"])).status_code == 401
    again = reserve(client, mei, start, hold=held["token"])
    assert again.status_code == 422


def test_a_hold_is_booked_for_a_longer_visit(admin: TestClient, mei: str) -> None:
    """What is held is the time from then on; if the visit needs more, that must be free too."""
    visit = {"name": "Long", "duration_minutes": 45, "buffer_after_minutes": 15}
    long = admin.post("/v1/visit-types", json=visit).json()["id"]
    first, second, third = free(admin, mei)[:3]
    token = hold(admin, mei, first).json()["token"]
    other = hold(admin, mei, second).json()["token"]
    refused = reserve(admin, mei, first, hold=token, visit_type_id=long)
    assert (refused.status_code, refused.json()["code"]) == (409, "slot-held")
    assert reserve(admin, mei, third).status_code == 201
    other_id = hold(admin, mei, free(admin, mei)[0]).json()["id"]
    assert other_id
    assert reserve(admin, mei, second, hold=other).status_code == 201
    assert reserve(admin, mei, first, hold=token).status_code == 201


def test_an_expired_hold_is_not_booked(client: TestClient, database: Database, mei: str) -> None:
    """Who comes too late with it is told so, even where the slot is still free."""
    start = free(client, mei)[0]
    token = hold(client, mei, start).json()["token"]
    expire(database)
    late = reserve(client, mei, start, hold=token)
    assert (late.status_code, late.json()["code"]) == (409, "hold-ended")
    assert reserve(client, mei, start).status_code == 201


def test_a_hold_is_of_one_time(client: TestClient, mei: str) -> None:
    """It does not open another slot, another doctor's, nor anything with a token of no hold."""
    first, second = free(client, mei)[:2]
    token = hold(client, mei, first).json()["token"]
    for doctor, start in (mei, second), (find(client, RAJESH), first):
        assert reserve(client, doctor, start, hold=token).status_code == 422
    assert reserve(client, mei, second, hold="mng_" + "x" * 43).status_code == 422
    booked = reserve(client, mei, second).json()["manage_token"]
    not_held = reserve(client, mei, second, hold=booked)
    assert not_held.json()["code"] == "hold-ended"


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


def test_the_policy_holds(closed_client: TestClient, database: Database, mei: str) -> None:
    """Notice, horizon and number are refused by name, to the staff as well."""
    admin = key(database, Role.ADMIN)
    start, other = free(closed_client, mei)[:2]

    def policy(**limits: int) -> None:
        closed_client.put(f"/v1/doctors/{mei}/policy", json=limits, headers=admin)

    policy(horizon_days=1)
    assert reserve(closed_client, mei, start).json()["code"] == "slot-too-far-ahead"
    policy(minimum_notice_minutes=60 * 24 * 30)
    assert reserve(closed_client, mei, start).json()["code"] == "slot-too-soon"
    policy(max_future_appointments=1)
    assert reserve(closed_client, mei, start, patient=WHO).status_code == 201
    refused = reserve(closed_client, mei, other, patient=WHO)
    assert refused.json()["code"] == "too-many-appointments"
    past = reserve(closed_client, mei, "2025-02-07T10:00:00+05:30")
    assert past.json()["code"] == "slot-passed"


def test_the_desk_books_for_whom_it_knows(desk: TestClient, database: Database, mei: str) -> None:
    """By the id of a patient; the public may not, and learns nothing of who there is."""
    first, second, third = free(desk, mei)[:3]
    reserve(desk, mei, first, patient=WHO)
    with database.read() as session:
        patient_id = str(session.scalar(select(Patient.id)))
    body = {"patient": None, "patient_id": patient_id}
    assert reserve(desk, mei, second, **body).status_code == 201
    assert reserve(desk, mei, third, **{**body, "patient_id": mei}).status_code == 404
    desk.headers.pop("authorization")
    for anybody in patient_id, mei:
        refused = reserve(desk, mei, third, **{**body, "patient_id": anybody})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Patient)) == 1


def test_the_desk_overrides_hours_and_policy(
    desk: TestClient, database: Database, mei: str
) -> None:
    """With a reason, which the log keeps; the timetable does not orphan what it never held."""
    booked = reserve(desk, mei, NIGHT, duration_minutes=20, **OVERRIDE)
    assert booked.status_code == 201
    assert booked.json()["time_slot"] == "11:00 PM - 11:20 PM"
    assert last_event(database, "appointment.booked").data["override"] == "an emergency"
    (shown,) = desk.get("/v1/appointments").json()["items"]
    assert (shown["overridden"], shown["orphaned"]) == (True, False)
    override = f"/v1/doctors/{mei}/overrides/{DAY}"
    effects = desk.put(override, json={"windows": []}).json()["effects"]
    assert effects["orphaned"] == []


def test_an_override_overlaps_nothing(desk: TestClient, mei: str) -> None:
    """Whatever the reason is: two patients are never in one slot."""
    first = free(desk, mei)[0]
    assert reserve(desk, mei, first).status_code == 201
    for start, minutes in (first, None), (first, 10), (first.replace("09:00", "08:50"), 20):
        refused = reserve(desk, mei, start, duration_minutes=minutes, **OVERRIDE)
        assert (refused.status_code, refused.json()["code"]) == (409, "slot-taken")
    before = reserve(desk, mei, first.replace("09:00", "08:50"), duration_minutes=10, **OVERRIDE)
    assert before.status_code == 201


def test_an_override_says_how_long_it_is(desk: TestClient, mei: str) -> None:
    """Where neither a slot nor a visit type does, and only a time that the clock shows will do."""
    assert reserve(desk, mei, NIGHT, **OVERRIDE).status_code == 422
    odd = reserve(desk, mei, f"{DAY}T23:00:30+05:30", duration_minutes=20, **OVERRIDE)
    assert odd.status_code == 422
    slot = reserve(desk, mei, free(desk, mei)[0], **OVERRIDE)
    assert slot.json()["time_slot"] == "9:00 AM - 9:30 AM"


def test_only_the_staff_overrides(client: TestClient, database: Database, mei: str) -> None:
    """Neither the public nor a program; a doctor for themselves alone."""
    rajesh = find(client, RAJESH)
    doctor = key(database, DOCTOR)
    body = {"doctor_id": mei, "start": NIGHT, "patient": WHO, "duration_minutes": 20, **OVERRIDE}
    statuses = [
        client.post("/v1/appointments", json={**body, "doctor_id": whose}, headers=headers)
        for whose, headers in (
            (mei, None),
            (mei, key(database, INTEGRATION)),
            (rajesh, doctor),
            (mei, doctor),
        )
    ]
    assert [it.status_code for it in statuses] == [403, 403, 403, 201]


@pytest.mark.parametrize("reason", ["for Asha", "ASHA'S mother called", "verma, urgent"])
def test_the_log_takes_no_name(desk: TestClient, database: Database, mei: str, reason: str) -> None:
    """A reason that names the patient is refused: nobody could ever erase it."""
    body = {"override": True, "reason": reason, "duration_minutes": 20}
    refused = reserve(desk, mei, NIGHT, **body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert "asha" not in refused.text.lower()
    assert "verma" not in str(contents(database)["event"]).lower()


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


def test_the_ends_of_the_calendar_are_no_slots(desk: TestClient, mei: str) -> None:
    """Instants that no local date has are refused, and no failure."""
    for start in "0001-01-01T00:00:00Z", "9999-12-31T23:30:00Z":
        assert reserve(desk, mei, start).status_code == 409
        far = reserve(desk, mei, start, duration_minutes=20, **OVERRIDE)
        assert far.status_code in {201, 409, 422}


def test_an_hour_that_comes_twice_is_booked_once(
    desk: TestClient, database: Database, mei: str
) -> None:
    """Of an hour that comes twice in autumn, an override has the first: labels are names."""
    headers = key(database, Role.ADMIN)
    path = f"/v1/doctors/{mei}"
    desk.patch(path, json={"time_zone": "Europe/Berlin"}, headers=headers)
    autumn = _last_sunday(DAY.year + 1, 10)
    second_pass = f"{autumn}T02:30:00+01:00"
    first_pass = f"{autumn}T02:30:00+02:00"
    refused = reserve(desk, mei, second_pass, duration_minutes=20, **OVERRIDE)
    assert refused.status_code == 422
    assert reserve(desk, mei, first_pass, duration_minutes=20, **OVERRIDE).status_code == 201


def _last_sunday(year: int, month: int) -> date:
    day = date(year, month, 31)
    return day - timedelta(days=day.isoweekday() % 7)

"""The desk books on behalf of patients, also outside hours and policy."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula.access.roles import DOCTOR, INTEGRATION, RECEPTION, Role
from calendula.database import Database
from calendula.patients.models import Patient
from support.access import key
from support.booking import free, reserve
from support.clinic import (
    DAY,
    RAJESH,
    contents,
    find,
    last_event,
)

WHO = {
    "identifier": "P-7",
    "name": "Asha Verma",
    "email": "asha@example.org",
    "phone": "+91 80 5550 1234",
}
NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency"}


@pytest.fixture
def desk(client: TestClient, database: Database) -> TestClient:
    """The client, with a key of the reception."""
    client.headers.update(key(database, RECEPTION))
    return client


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


@pytest.mark.parametrize(
    "reason",
    [
        *("for Asha", "ASHA'S mother called", "verma, urgent", "AshaVerma", "the Vermas' child"),
        *("asha@example.org", "call +91 80 5550 1234"),
    ],
)
def test_the_log_takes_no_name(desk: TestClient, database: Database, mei: str, reason: str) -> None:
    """A reason that names the patient is refused: nobody could ever erase it."""
    body = {"override": True, "reason": reason, "duration_minutes": 20}
    refused = reserve(desk, mei, NIGHT, **body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert "asha" not in refused.text.lower()
    assert "verma" not in str(contents(database)["event"]).lower()


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


def test_the_log_takes_no_alias(desk: TestClient, database: Database, mei: str) -> None:
    """Nor the name under which somebody was known before, nor an identifier."""
    first, second, third = free(desk, mei)[:3]
    ids = [
        desk.get(f"/v1/appointments/{reserve(desk, mei, start, patient=who).json()['id']}").json()[
            "patient"
        ]["id"]
        for start, who in ((first, WHO), (second, {"name": "Maria Gonzales"}))
    ]
    merge = {"duplicate_id": ids[1]}
    assert desk.post(f"/v1/patients/{ids[0]}/merge", json=merge).is_success
    for reason in "Gonzales wants it", "patient P-7":
        body = {"override": True, "reason": reason, "patient": None, "patient_id": ids[0]}
        assert reserve(desk, mei, third, **body).status_code == 422


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00Z", "9999-12-31T22:30:00Z"])
def test_buffers_beyond_the_calendar_are_no_failure(
    admin: TestClient, mei: str, start: str
) -> None:
    """A visit whose buffers have no instants cannot be booked, nor anything be moved there."""
    buffers = {"buffer_before_minutes": 240, "buffer_after_minutes": 240}
    visit = {"name": "Long", "duration_minutes": 30, **buffers}
    long = admin.post("/v1/visit-types", json=visit).json()["id"]
    override = {"override": True, "reason": "an emergency"}
    refused = reserve(admin, mei, start, visit_type_id=long, **override)
    assert refused.status_code in {409, 422}  # of year 1, no zone has a whole minute
    booked = reserve(admin, mei, NIGHT, visit_type_id=long, **override).json()["id"]
    path = f"/v1/appointments/{booked}/move"
    assert admin.post(path, json={"start": start, **override}).status_code in {409, 422}


def test_a_doctor_books_by_id_for_nobody(client: TestClient, database: Database, mei: str) -> None:
    """Else a booking would show them any patient's telephone number."""
    body = {"patient": None, "patient_id": mei}
    client.headers.update(key(database, DOCTOR))
    assert reserve(client, mei, free(client, mei)[0], **body).status_code == 403

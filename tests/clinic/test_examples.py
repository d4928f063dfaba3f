"""The OpenAPI document shows what the operations under /v1 really answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import examples
from support.access import bearer, make_key

NOW = datetime(2035, 9, 29, 9, tzinfo=UTC)
LATER = datetime(2035, 10, 2, 9, tzinfo=UTC)
LOOKS_ALIKE = "Dr. Meer\N{CYRILLIC SMALL LETTER A} Nair"
NEW = {"name": "Dr. Meera Nair", "specialty": "Cardiology", "time_zone": "Asia/Kolkata"}
MORNING = {"start": "10:00", "end": "11:00", "slot_minutes": 30}
AFTERNOON = {"windows": [{"start": "14:00", "end": "16:00", "slot_minutes": 30}]}
NIGHT = {"weekday": "fri", "start": "22:00", "end": "02:00", "slot_minutes": 60}
ROTATING = {**NIGHT, "valid_from": "2035-10-01", "every_weeks": 2}
WEEK = [*({**MORNING, "weekday": day} for day in ("mon", "tue", "wed")), ROTATING]
POLICY = {"minimum_notice_minutes": 60, "horizon_days": 7, "max_future_appointments": 3}
CONTACT = {
    "name": "Sunrise Clinic",
    "phone": "+91 80 5550 0100",
    "email": "desk@sunrise.example",
}
VISIT = {"name": "First visit", "duration_minutes": 45, "buffer_after_minutes": 15}
OFF = {
    "start": "2035-10-03T00:00:00+05:30",
    "end": "2035-10-04T00:00:00+05:30",
    "reason": "conference",
}
BOOKING = {
    "patient_id": "P-1001",
    "patient_name": "Asha Verma",
    "doctor_name": "Dr. Meera Nair",
    "time_slot": "10:00 AM - 10:30 AM",
    "date": "2035-10-01",
}


@pytest.fixture
def admin(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """An admin's client of a closed clinic, two days before the examples."""
    monkeypatch.setattr("calendula.clock.now", lambda: NOW)
    settings = Settings(database_url=sqlite_url, open_clinic=False)
    database = Database.from_settings(settings)
    headers = bearer(make_key(database, ADMIN).text)
    database.close()
    with TestClient(create_app(settings), headers=headers) as client:
        yield client


def _set_up(admin: TestClient) -> tuple[str, dict[str, Any]]:
    """Make the clinic of the examples; return the doctor's path, and the answers by example."""
    answers = {"added": admin.post("/v1/doctors", json=NEW)}
    doctor = f"/v1/doctors/{answers['added'].json()['id']}"
    rules = {**CONTACT, "holidays": "IN", "policy": POLICY}
    return doctor, answers | {
        "taken": admin.post("/v1/doctors", json=NEW),
        "looks_like_anothers": admin.post("/v1/doctors", json={**NEW, "name": LOOKS_ALIKE}),
        "time_zone": admin.post("/v1/doctors", json={**NEW, "time_zone": "Europe/Delhi"}),
        "hours": admin.put(f"{doctor}/hours", json={"windows": WEEK}),
        "windows": admin.put(f"{doctor}/hours", json={"windows": [*WEEK, WEEK[0]]}),
        "clinic": admin.put("/v1/clinic", json=rules),
        "visit_type": admin.post("/v1/visit-types", json=VISIT),
        "name_taken": admin.post("/v1/visit-types", json=VISIT),
        "dry_run_of_time_off": admin.post(f"{doctor}/time-off?dry_run", json=OFF),
        "time_off_made": admin.post(f"{doctor}/time-off", json=OFF),
        "stale": admin.put(f"{doctor}/hours", json={"windows": []}, headers={"If-Match": '"1"'}),
    }


def _look_up(admin: TestClient, doctor: str) -> dict[str, Any]:
    def explain(start: str) -> Any:
        return admin.get(f"{doctor}/slots/explain", params={"start": f"{start}+05:30"})

    def slots(first: str, last: str) -> Any:
        return admin.get(f"{doctor}/slots", params={"from": first, "to": last})

    return {
        "slots": slots("2035-10-01", "2035-10-03"),
        "too_long": slots("2035-10-01", "2035-12-02"),
        "next": admin.get(f"{doctor}/slots/next?count=2"),
        "found": admin.get("/v1/slots/search?name=meera&from=2035-10-01&to=2035-10-01"),
        "too_far": admin.get("/v1/slots/search?to=2037-10-01"),
        "bookable": explain("2035-10-01T10:00:00"),
        "holiday": explain("2035-10-02T10:00:00"),
        "time_off": explain("2035-10-03T10:00:00"),
        "too_far_ahead": explain("2035-10-10T10:00:00"),
        "no_slot": explain("2035-10-01T10:15:00"),
        "unknown_doctor": admin.get(f"/v1/doctors/{uuid4()}"),
        "unknown_time_off": admin.delete(f"/v1/time-off/{uuid4()}"),
        "unknown_visit_type": admin.get(f"/v1/visit-types/{uuid4()}"),
    }


def _orphan(admin: TestClient, doctor: str) -> dict[str, Any]:
    assert admin.post("/book_appointment", json=BOOKING).status_code == 201
    day = f"{doctor}/overrides/2035-10-01"
    short = {"windows": [{**MORNING, "end": "10:15"}]}
    return {
        "booked": admin.get(
            f"{doctor}/slots/explain", params={"start": "2035-10-01T10:00:00+05:30"}
        ),
        "has_appointments": admin.post(f"{doctor}/deactivate"),
        "windows_0": admin.put(day, json=short),
        "dry_run": admin.put(f"{day}?dry_run", json=AFTERNOON),
        "orphaning": admin.put(day, json=AFTERNOON),
        "orphaned": admin.get("/v1/appointments?orphaned=true"),
    }


def _know(admin: TestClient) -> dict[str, Any]:
    """Let a patient and a duplicate be all that patients can be, one after the other."""
    people = admin.post("/v1/patients/search", json={"name": "asha"}).json()["items"]
    asha = f"/v1/patients/{people[0]['id']}"
    other = {**BOOKING, "patient_name": "Asha Verm", "time_slot": "2:00 PM - 2:30 PM"}
    assert admin.post("/book_appointment", json=other).status_code == 201
    (duplicate,) = [
        it["id"]
        for it in admin.post("/v1/patients/search", json={"identifier": "P-1001"}).json()["items"]
        if it["name"] == "Asha Verm"
    ]
    alias, both = f"/v1/patients/{duplicate}", {"duplicate_id": duplicate}
    contact = {"email": "asha@example.com", "phone": "+91 22 5550 0100"}
    return {
        "patient_changed": admin.patch(asha, json=contact),
        "patients_found": admin.post("/v1/patients/search", json={"phone": "5550 0100"}),
        "nothing_asked": admin.post("/v1/patients/search", json={}),
        "patient_read": admin.get(asha),
        "unknown_patient": admin.get(f"/v1/patients/{uuid4()}"),
        "patient_exists": admin.patch(asha, json={"name": "Asha Verm"}),
        "patient_has_appointments": admin.post(f"{alias}/erase"),
        "same_patient": admin.post(f"{alias}/merge", json=both),
        "merged": admin.post(f"{asha}/merge", json=both),
        "merged_already": admin.post(f"{asha}/merge", json=both),
        "patient_merged": admin.patch(alias, json=contact),
        "export_of_merged": admin.get(f"{alias}/export"),
        "erasure_of_merged": admin.post(f"{alias}/erase"),
    }


def _forget(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Erase the patient, once the appointments are past."""
    (found,) = admin.post("/v1/patients/search", json={"name": "asha"}).json()["items"]
    asha = f"/v1/patients/{found['id']}"
    ravi = {**BOOKING, "patient_name": "Ravi Rao", "time_slot": "2:30 PM - 3:00 PM"}
    assert admin.post("/book_appointment", json=ravi).status_code == 201
    (other,) = admin.post("/v1/patients/search", json={"name": "ravi"}).json()["items"]
    monkeypatch.setattr("calendula.clock.now", lambda: LATER)
    return {
        "erased": admin.post(f"{asha}/erase"),
        "patient_gone": admin.get(asha),
        "patient_erased": admin.patch(asha, json={"phone": "112"}),
        "erased_already": admin.post(f"{asha}/merge", json={"duplicate_id": other["id"]}),
    }


def _use(admin: TestClient, doctor: str, visit_type: Any) -> dict[str, Any]:
    """Book a visit type at a time that is made for it, and try to remove it."""
    visit_type_id = visit_type.json()["id"]
    wanted = {
        "doctor_id": doctor.rpartition("/")[2],
        "start": "2035-10-05T12:00:00+05:30",
        "visit_type_id": visit_type_id,
        "patient": {"name": "Mala Das"},
        "override": True,
        "reason": "stays longer",
    }
    assert admin.post("/v1/appointments", json=wanted).status_code == 201
    return {"in_use": admin.delete(f"/v1/visit-types/{visit_type_id}")}


def test_the_examples_are_real(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every documented answer is one that the service gives, but for the ids; none is left over."""
    doctor, answers = _set_up(admin)
    answers |= _look_up(admin, doctor) | _orphan(admin, doctor)
    answers |= _use(admin, doctor, answers["visit_type"]) | _know(admin)
    answers |= _forget(admin, monkeypatch)
    document = admin.get("/openapi.json").json()
    examples.compare(document, answers, "clinic")

"""An appointment is moved and cancelled: by the staff, and by the patient with its token."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula import clock
from calendula.access.roles import ADMIN
from calendula.appointments.models import Appointment
from calendula.database import Database
from support.access import bearer, make_key
from support.booking import Booked, expire, free, hold, reserve
from support.clinic import DAY, RAJESH, contents, find, last_event

NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency", "duration_minutes": 20}


def test_an_appointment_is_moved(booked: Booked, database: Database, mei: str) -> None:
    """Its id stays, its sequence grows, the old slot is free and the new one is not."""
    start = free(booked.client, mei)[3]
    before = booked.read().json()
    moved = booked.do("move", start=start)
    assert moved.status_code == 200
    assert (moved.json()["id"], moved.json()["start"]) == (booked.id, start)
    assert moved.json()["sequence"] == before["sequence"] + 1
    assert booked.start in free(booked.client, mei)
    assert start not in free(booked.client, mei)
    event = last_event(database, "appointment.moved")
    assert (event.actor, event.data["before"]["slot"]) == (
        f"token:{booked.id}",
        before["time_slot"],
    )
    assert event.data["after"]["slot"] == moved.json()["time_slot"]


def test_a_move_to_where_it_is_changes_nothing(booked: Booked, database: Database) -> None:
    """A retry of a move gives the same answer, and no second event."""
    before = contents(database)
    again = booked.do("move", start=booked.start)
    assert (again.status_code, again.json()) == (200, booked.read().json())
    assert contents(database) == before


def test_a_move_that_loses_changes_nothing(booked: Booked, database: Database, mei: str) -> None:
    """Taken, held, not offered: the appointment is where it was, and others are named."""
    client = booked.client
    taken, held = free(client, mei)[:2]
    reserve(client, mei, taken)
    hold(client, mei, held)
    before = contents(database)
    for start, code in (
        (taken, "slot-taken"),
        (held, "slot-held"),
        (NIGHT, "slot-not-offered"),
    ):
        refused = booked.do("move", start=start)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert "next_slots" in refused.json()
    assert contents(database) == before
    expire(database)
    assert booked.do("move", start=held).status_code == 200


def test_a_move_keeps_the_visits_length_and_buffers(admin: TestClient, mei: str) -> None:
    """A visit of 45 minutes is one after the move; what it needs must be free."""
    visit = {"name": "Long", "duration_minutes": 45, "buffer_after_minutes": 15}
    long = admin.post("/v1/visit-types", json=visit).json()["id"]
    first, *_, fifth = free(admin, mei)[:5]
    booked = Booked(admin, mei, first, visit_type_id=long)
    assert reserve(admin, mei, fifth).status_code == 201
    fourth = free(admin, mei)[1]
    assert booked.do("move", start=fourth).json()["code"] in {"slot-taken", "slot-not-offered"}
    moved = booked.do("move", start=free(admin, mei)[0]).json()
    minutes = datetime.fromisoformat(moved["end"]) - datetime.fromisoformat(moved["start"])
    assert minutes == timedelta(minutes=45)


def test_the_staff_moves_to_another_doctor(booked: Booked, desk: dict[str, str]) -> None:
    """The patient's token goes with it; the patient alone cannot do that."""
    rajesh = find(booked.client, RAJESH)
    start = free(booked.client, rajesh)[2]
    assert booked.do("move", start=start, doctor_id=rajesh).status_code == 403
    moved = booked.do("move", desk, start=start, doctor_id=rajesh)
    assert (moved.status_code, moved.json()["doctor_id"]) == (200, rajesh)
    assert booked.read().json()["doctor_name"] == RAJESH
    assert start not in free(booked.client, rajesh)
    nobody = booked.do("move", desk, start=start, doctor_id=booked.id)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown-doctor")


def test_the_staff_moves_outside_hours(
    booked: Booked, database: Database, desk: dict[str, str]
) -> None:
    """With an override and its reason, which must not name the patient; onto nobody."""
    assert booked.do("move", start=NIGHT, **OVERRIDE).status_code == 403
    named = {**OVERRIDE, "reason": "Verma called"}
    assert booked.do("move", desk, start=NIGHT, **named).status_code == 422
    moved = booked.do("move", desk, start=NIGHT, **OVERRIDE)
    assert (moved.status_code, moved.json()["overridden"]) == (200, True)
    assert last_event(database, "appointment.moved").data["override"] == "an emergency"


def test_an_appointment_is_cancelled(booked: Booked, database: Database, mei: str) -> None:
    """The slot is free at once; why is kept with the appointment and not in the log."""
    cancelled = booked.do("cancel", reason="I feel well again")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert booked.start in free(booked.client, mei)
    event = last_event(database, "appointment.cancelled")
    assert event.data["before"]["status"] == "booked"
    assert "well again" not in str(event.data)
    with database.read() as session:
        assert session.scalars(select(Appointment.reason)).one() == "I feel well again"
    before = contents(database)
    again = booked.do("cancel", reason="once more")
    assert (again.status_code, again.json()) == (200, cancelled.json())
    assert contents(database) == before


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_behind_the_cutoff_the_clinic_is_called(
    booked: Booked, database: Database, desk: dict[str, str], mei: str, action: str
) -> None:
    """The patient is told whom to call, by the clinic's own name and number; the staff can."""
    admin = bearer(make_key(database, ADMIN).text)
    contact = {"name": "Sunrise Clinic", "phone": "+91 80 5550 0100"}
    limits: dict[str, Any] = {f"{action}_cutoff_minutes": 60 * 24 * 30}
    rules: dict[str, Any] = {**contact, "holidays": None, "policy": limits}
    assert booked.client.put("/v1/clinic", json=rules, headers=admin).is_success
    body: dict[str, Any] = {"start": free(booked.client, mei)[0]} if action == "move" else {}
    refused = booked.do(action, **body)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-late")
    assert "Please call Sunrise Clinic on +91 80 5550 0100." in refused.json()["detail"]
    assert booked.read().json()[f"{action}_until"] < clock.now().isoformat()
    assert booked.do(action, desk, **body).status_code == 200


def test_what_has_begun_is_the_clinics(client: TestClient, mei: str) -> None:
    """Without any cutoff, the start is the end of what a patient can do."""
    past = Booked(client, mei, "2025-02-07T10:00:00+05:30")
    assert past.do("cancel").json()["code"] == "too-late"
    assert past.read().status_code == 200  # its token counts from the booking


def test_a_change_can_want_the_version_that_was_seen(
    booked: Booked, desk: dict[str, str], mei: str
) -> None:
    """With If-Match, of two who look at the same appointment one changes it."""
    seen = {"If-Match": booked.read(desk).headers["ETag"]}
    first, second = free(booked.client, mei)[:2]
    assert booked.do("move", desk | seen, start=first).status_code == 200
    for action, body in (("move", {"start": second}), ("cancel", {}), ("arrive", {})):
        stale = booked.do(action, desk | seen, **body)
        assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    seen = {"If-Match": booked.read(desk).headers["ETag"]}
    assert booked.do("arrive", desk | seen).headers["ETag"] != seen["If-Match"]


def test_an_erased_patient_is_left_alone(
    client: TestClient, database: Database, desk: dict[str, str], mei: str
) -> None:
    """What is past stays as it was: no time ahead, no token and no reason for nobody."""
    admin = bearer(make_key(database, ADMIN).text)
    past = Booked(client, mei, "2025-02-07T10:00:00+05:30")
    patient = past.read(desk).json()["patient"]["id"]
    assert client.post(f"/v1/patients/{patient}/erase", headers=admin).is_success
    moving = past.do("move", desk, start=free(client, mei)[0])
    assert (moving.status_code, moving.json()["code"]) == (409, "patient-erased")
    assert client.post(f"{past.path}/tokens", headers=desk).status_code == 409
    cancelled = past.do("cancel", desk, reason="Asha Verma is dead")
    assert (cancelled.status_code, cancelled.json()["reason"]) == (200, None)
    assert "Asha" not in str(contents(database))


def test_a_doctor_who_sees_nobody_has_no_slots(
    booked: Booked, database: Database, desk: dict[str, str]
) -> None:
    """Moving within their day is refused as any slot is, to the patient and to the staff."""
    admin = bearer(make_key(database, ADMIN).text)
    doctor = booked.read().json()["doctor_id"]
    path = f"/v1/doctors/{doctor}/deactivate?force"
    assert booked.client.post(path, headers=admin).is_success
    later = booked.start.replace("09:00", "10:00")
    for headers, more in ((booked.token, {}), (desk, {}), (desk, OVERRIDE)):
        refused = booked.do("move", headers, start=later, **more)
        assert (refused.status_code, refused.json()["code"]) == (409, "slot-not-offered")


def test_a_mark_of_the_timetable_is_a_change(
    booked: Booked, database: Database, desk: dict[str, str], mei: str
) -> None:
    """Who has seen an appointment before it lost its time has not seen it."""
    seen = booked.read(desk).headers["ETag"]
    admin = bearer(make_key(database, ADMIN).text)
    override = f"/v1/doctors/{mei}/overrides/{DAY}"
    assert booked.client.put(override, json={"windows": []}, headers=admin).is_success
    now = booked.read(desk)
    assert (now.json()["orphaned"], now.headers["ETag"] != seen) == (True, True)

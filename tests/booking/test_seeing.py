"""Who sees what of an appointment, and what is written down of it."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN, AUDITOR, DOCTOR, INTEGRATION, RECEPTION, Role
from calendula.database import Database
from support.access import bearer, make_key
from support.booking import Booked, free
from support.clinic import DAY, RAJESH, contents, find, last_event

NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency", "duration_minutes": 20}


def test_the_patient_sees_the_appointment(booked: Booked) -> None:
    """When and with whom it is, and until when it can be changed; not who goes there."""
    shown = booked.read()
    assert shown.status_code == 200
    assert shown.json()["start"] == booked.start
    assert shown.json()["cancel_until"] == shown.json()["move_until"] == booked.start
    assert "Asha" not in shown.text
    assert shown.headers["Cache-Control"] == "no-store"


def test_the_staff_sees_the_patient(client: TestClient, desk: dict[str, str], mei: str) -> None:
    """Who it is, how to reach them, what they wrote, and what can be done."""
    who = {"name": "Asha Verma", "phone": "+91 80 5550 1234"}
    booked = Booked(client, mei, free(client, mei)[0], patient=who, note="The left knee")
    shown = booked.read(desk).json()
    assert shown["patient"]["name"] == "Asha Verma"
    assert (shown["phone"], shown["note"]) == (who["phone"], "The left knee")
    assert shown["allowed"] == ["move", "arrive", "check-in", "cancel", "enter-in-error"]


@pytest.mark.parametrize("role", [ADMIN, RECEPTION, DOCTOR])
def test_readings_of_the_staff_are_written_down(
    booked: Booked, database: Database, role: Role
) -> None:
    """With the key and the patient's id; what the patient reads is not."""
    made = make_key(database, role)
    for read in (
        booked.read,
        lambda it: booked.client.get(f"{booked.path}/calendar.ics", headers=it),
    ):
        assert read(bearer(made.text)).status_code == 200
        event = last_event(database, "patient.read")
        assert (event.actor, str(event.appointment_id)) == (f"key:{made.key.id}", booked.id)
        assert event.patient_id is not None
    seen = last_event(database, "patient.read").number
    booked.read()
    assert last_event(database, "patient.read").number == seen


def test_a_list_is_a_reading_of_each(booked: Booked, desk: dict[str, str], mei: str) -> None:
    """Each patient whose data a list shows has an event of it."""
    Booked(booked.client, mei, free(booked.client, mei)[0], patient={"name": "Ravi"})
    listed = booked.client.get("/v1/appointments", headers=desk).json()["items"]
    auditor = bearer(make_key(booked.client.app.state.database, AUDITOR).text)  # type: ignore[attr-defined]
    events = booked.client.get("/v1/events?action=patient.read", headers=auditor).json()["items"]
    assert {it["patient_id"] for it in events} == {it["patient"]["id"] for it in listed}
    assert "Ravi" not in str(events)


def test_a_token_opens_one_appointment(booked: Booked, database: Database, mei: str) -> None:
    """Another's is as unknown as one that there is not, to the byte; the attempt is in the log."""
    other = Booked(booked.client, mei, free(booked.client, mei)[0])
    for action, body in (("", None), ("/move", {"start": NIGHT}), ("/cancel", {})):
        answers = [
            booked.client.request(
                "GET" if body is None else "POST",
                f"/v1/appointments/{it}{action}",
                json=body,
                headers=booked.token,
            )
            for it in (other.id, mei)
        ]
        assert {it.status_code for it in answers} == {404}
        assert answers[0].content == answers[1].content
    denied = last_event(database, "access.denied")
    assert (denied.actor, denied.data["operation"]) == (
        f"token:{booked.id}",
        "cancel_appointment",
    )
    assert other.read().json()["status"] == "booked"


def test_a_doctor_sees_their_own(booked: Booked, database: Database) -> None:
    """Another doctor's appointment is unknown to them, whatever they want to do to it."""
    rajesh = find(booked.client, RAJESH)
    own = bearer(make_key(database, DOCTOR).text)
    made = make_key(database, DOCTOR, doctor_id=UUID(rajesh))
    foreign = bearer(made.text)
    assert booked.read(own).status_code == 200
    assert booked.read(foreign).status_code == 404
    for action in "move", "cancel", "arrive", "check-in", "fulfil", "no-show", "undo":
        body = {"start": NIGHT} if action == "move" else {}
        assert booked.do(action, foreign, **body).status_code == 404
    assert last_event(database, "access.denied").actor == f"key:{made.key.id}"


@pytest.mark.parametrize("role", [AUDITOR, INTEGRATION])
def test_who_is_no_staff_changes_nothing(booked: Booked, database: Database, role: Role) -> None:
    """Neither a program nor who reads the log can see or change an appointment."""
    before = booked.read().json()
    headers = bearer(make_key(database, role).text)
    assert booked.read(headers).status_code == 403
    assert booked.do("cancel", headers).status_code == 403
    assert last_event(database, "access.denied").data == {"operation": "cancel_appointment"}
    assert booked.read().json() == before


def test_nothing_changes_by_reading(booked: Booked, database: Database) -> None:
    """GET writes nothing for a patient, whatever link a scanner of mails follows."""
    before = contents(database)
    for path in "", "/calendar.ics", "/cancel", "/move":
        booked.client.get(f"{booked.path}{path}", headers=booked.token)
    assert contents(database) == before


def test_the_calendar_file_follows(booked: Booked, mei: str) -> None:
    """It invites, moves and cancels one and the same event, and names nobody who goes there."""

    def lines() -> dict[str, str]:
        answer = booked.client.get(f"{booked.path}/calendar.ics", headers=booked.token)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/calendar; charset=utf-8; method=")
        text = answer.text.replace("\r\n ", "")
        assert "Asha Verma" not in text
        pairs = (line.partition(":")[::2] for line in text.splitlines())
        return {"type": answer.headers["Content-Type"].rpartition("=")[2], **dict(pairs)}

    first = lines()
    booked.do("move", start=free(booked.client, mei)[2])
    second = lines()
    booked.do("cancel")
    third = lines()
    assert first["UID"] == second["UID"] == third["UID"]
    assert [it["SEQUENCE"] for it in (first, second, third)] == ["0", "1", "2"]
    assert [it["METHOD"] for it in (first, second, third)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [it["type"] for it in (first, second, third)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert first["DTSTART;TZID=Asia/Kolkata"] != second["DTSTART;TZID=Asia/Kolkata"]

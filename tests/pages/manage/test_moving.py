"""A patient moves their appointment: a day, a time, a yes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from calendula.database import Database
from support.booking import free, reserve
from support.clinic import DAY, contents, last_event
from support.managing import Patient, facts, heading, plain, problem, starts

CONTACT = {"name": "Sunrise Clinic", "phone": "+91 80 5550 0100", "holidays": None}
HOUR = timedelta(hours=1)
KOLKATA = ZoneInfo("Asia/Kolkata")  # the clinic's


def _free(client: TestClient, doctor: str, **other: str) -> list[str]:
    """Return the starts of the free slots of `DAY` as the pages write them."""
    return [_utc(start) for start in free(client, doctor, **other)]


def _utc(start: str) -> str:
    return datetime.fromisoformat(start).astimezone(UTC).isoformat()


def test_an_appointment_is_moved(patient: Patient, database: Database, mei: str) -> None:
    """Step by step: the free times of its day, a question, and the new time; the old one is free.

    The log says that the holder of the token did it, as it does of the API.
    """
    free_then = _free(patient.client, mei)
    choose = patient.send("/move")
    assert heading(choose) == "Choose another time"
    assert starts(choose) == free_then
    ask = patient.send("/move-confirm", start=free_then[3])
    assert heading(ask) == "Move your appointment?"
    assert starts(ask) == [free_then[3]]
    before = patient.read().json()
    assert before["sequence"] == 0  # nothing is moved by a question
    moved = patient.send("/moved", start=free_then[3])
    assert (moved.status_code, heading(moved)) == (200, "Your appointment is moved")
    assert moved.headers["cache-control"] == "no-store"
    assert _utc(patient.read().json()["start"]) == free_then[3]
    assert patient.start in free(patient.client, mei)
    event = last_event(database, "appointment.moved")
    assert event.actor == f"token:{patient.id}"
    assert event.data["before"]["slot"] == before["time_slot"]


def test_another_day_and_month_can_be_looked_at(patient: Patient, mei: str) -> None:
    """Days and months are buttons of a form; a month that is over is not offered."""
    day = DAY + timedelta(days=40)
    page = patient.send("/move", date=day.isoformat())
    assert len(starts(page)) == 8
    assert f'value="{day}" aria-current="date"' in page.text
    past = patient.send("/move", month="2001-01-01")
    assert "Earlier month" not in past.text
    assert f"{clock.now().astimezone(KOLKATA):%B %Y}" in past.text
    far = patient.send("/move", month="9999-12-31")
    assert far.status_code == 200
    assert "Later month" not in far.text


def test_a_month_without_a_free_time_says_so(
    patient: Patient, boss: dict[str, str], mei: str
) -> None:
    """Where nothing is free, the page says whom to call, and what stays as it is."""
    week: dict[str, Any] = {"windows": []}
    path = f"/v1/doctors/{mei}/hours"
    tag = patient.client.get(path, headers=boss).headers["etag"]
    answer = patient.client.put(path, json=week, headers={**boss, "If-Match": tag})
    assert answer.is_success, answer.text
    page = patient.send("/move", version="2")  # it is orphaned now
    assert "Nothing is free with this doctor at present." in page.text
    assert "Please call the clinic." in page.text


@pytest.mark.parametrize("step", ["/move-confirm", "/moved"])
def test_a_time_that_is_taken_meanwhile(
    patient: Patient, database: Database, mei: str, step: str
) -> None:
    """Whoever is late keeps their appointment, and is offered the nearest free times."""
    first, second, *_ = _free(patient.client, mei)
    reserve(patient.client, mei, first, patient={"name": "Ben"})
    before = contents(database)
    page = patient.send(step, start=first)
    assert page.status_code == 409
    assert problem(page) == "This time is not free any more"
    assert "Your appointment is still where it was." in page.text
    assert starts(page)[0] == second
    assert first not in starts(page)
    assert contents(database) == before
    assert patient.send("/moved", start=second).status_code == 200


def test_what_is_not_offered_is_not_had(patient: Patient, database: Database) -> None:
    """No form moves an appointment to the night, to the past, or to no time at all."""
    before = contents(database)
    for start in (f"{DAY}T23:00:00+05:30", "2025-02-07T10:00:00+05:30", "9999-12-31T23:59:59Z"):
        for step in ("/move-confirm", "/moved"):
            assert patient.send(step, start=start).status_code == 409, (step, start)
    for start in ("", "tomorrow"):
        assert heading(patient.send("/moved", start=start)) == "Choose another time"
    assert contents(database) == before


def test_moved_twice_is_moved_once(patient: Patient, database: Database, mei: str) -> None:
    """A second click, or a form that is sent again, shows the same and does nothing."""
    start = _free(patient.client, mei)[2]
    patient.send("/moved", start=start)
    before = contents(database)
    again = patient.send("/moved", start=start)
    assert (again.status_code, heading(again)) == (200, "Your appointment is moved")
    assert contents(database) == before


@pytest.mark.parametrize("step", ["/move", "/move-confirm", "/moved", "/cancel", "/cancelled"])
def test_whoever_looks_at_what_was_is_told(
    patient: Patient, desk: dict[str, str], database: Database, mei: str, step: str
) -> None:
    """Moved by the clinic in between: nothing is changed, and the page shows how it is now."""
    first, second, *_ = _free(patient.client, mei)
    assert patient.do("move", desk, start=first).status_code == 200
    before = contents(database)
    page = patient.send(step, start=second)
    assert page.status_code == 412
    assert problem(page) == "Your appointment has changed since you last looked"
    assert contents(database) == before
    shown = facts(patient.send())
    assert facts(page) == shown
    assert 'name="version" value="2"' in page.text
    assert patient.send("/moved", start=second, version="2").status_code == 200


@pytest.mark.parametrize("step", ["/move", "/move-confirm", "/moved"])
def test_behind_the_cutoff_nothing_is_moved(
    patient: Patient, boss: dict[str, str], mei: str, step: str
) -> None:
    """It is too late: the page says so, and whom to call."""
    rules = {**CONTACT, "policy": {"move_cutoff_minutes": 60 * 24 * 30}}
    assert patient.client.put("/v1/clinic", json=rules, headers=boss).is_success
    page = patient.send(step, start=free(patient.client, mei)[0])
    assert page.status_code == 409
    assert problem(page) == "It is too late to change this appointment here"
    assert "Please call Sunrise Clinic on +91 80 5550 0100." in plain(page)


def test_what_is_over_is_not_moved(patient: Patient, mei: str) -> None:
    """A cancelled appointment stays cancelled, and its page says so."""
    patient.do("cancel")
    page = patient.send("/move", version="2")
    assert (page.status_code, problem(page)) == (
        409,
        "This appointment cannot be changed any more",
    )
    assert facts(page)["Status"] == "Cancelled"


def test_a_kind_of_visit_keeps_its_length(
    client: TestClient, boss: dict[str, str], mei: str
) -> None:
    """An hour's visit is offered only times at which an hour is free."""
    new = {"name": "Long", "duration_minutes": 60, "public": True}
    kind = client.post("/v1/visit-types", json=new, headers=boss).json()["id"]
    patient = Patient(client, mei, f"{DAY}T09:00:00+05:30", visit_type_id=kind)
    page = patient.send("/move")
    assert starts(page) == _free(client, mei, visit_type=kind)
    moved = patient.send("/moved", start=starts(page)[-1])
    assert heading(moved) == "Your appointment is moved"
    now = patient.read().json()
    assert datetime.fromisoformat(now["end"]) - datetime.fromisoformat(now["start"]) == HOUR

"""The desk books for a patient."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula.access.roles import ADMIN, DOCTOR
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.patients.models import Patient
from support import clinic
from support.access import bearer, key
from support.booking import Booked, free, hold
from support.clinic import DAY
from support.desk import DeskClient, words

ASHA = {"name": "Asha Verma", "phone": "+91 80 5550 1234"}
BY_HAND = {"date": DAY.isoformat(), "time": "20:00", "minutes": "20", "reason": "An emergency"}


def _book(desk: DeskClient, doctor: str, **fields: str) -> Any:
    return desk.submit("/desk/book", doctor=doctor, **fields)


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(Appointment)).one()


def _mistakes(page: Any) -> list[str]:
    """Return what the summary of a form's mistakes says, each with the field that it leads to."""
    return re.findall(r'<li><a href="#(\w+)">', page.text)


def test_a_free_time_is_booked(
    desk: DeskClient, database: Database, client: TestClient, mei: str
) -> None:
    """From the link on the day to the page that says so, with the patient's own link."""
    day = desk.get(f"/desk?date={DAY}&doctor={mei}").text
    first = re.findall(r'href="(/desk/book\?doctor=[^"]+start=[^"]+)"', day)[0]
    form = desk.get(first.replace("&amp;", "&"))
    assert "9:00 AM" in words(form)
    (wanted,) = re.findall(r'name="start" value="([^"]+)"', form.text)
    answer = _book(desk, mei, start=wanted, note="Bring the X-rays.", **ASHA)
    assert answer.status_code == 201, answer.text
    assert "Asha Verma" in words(answer)
    (token,) = re.findall(r"https://testserver/manage#(mng_[\w-]+)", answer.text)
    (booked,) = client.get("/v1/appointments", headers=key(database, ADMIN)).json()["items"]
    own = client.get(f"/v1/appointments/{booked['id']}", headers=bearer(token))
    assert own.status_code == 200
    assert "9:00 AM Asha Verma Booked" in words(desk.get(f"/desk?date={DAY}"))


def test_a_form_sent_twice_books_once(
    desk: DeskClient, database: Database, client: TestClient, mei: str
) -> None:
    """Whoever presses the button twice sees the same appointment twice."""
    fields = {"start": free(client, mei)[0], "once": "a" * 32, **ASHA}
    answers = [_book(desk, mei, **fields) for _ in range(2)]
    assert [it.status_code for it in answers] == [201, 201]
    assert words(answers[0]) == words(answers[1])
    assert _count(database) == 1
    again = _book(desk, mei, **{**fields, "name": "Somebody else"})
    assert again.status_code == 422
    assert "This form was sent before" in again.text


@pytest.mark.parametrize(
    "text", ["asha", "VERMA ásha", "P-1", "asha@example.org", "5550 1234"], ids=str
)
def test_somebody_known_is_found(
    desk: DeskClient, database: Database, client: TestClient, mei: str, text: str
) -> None:
    """By a part of the name, the number, or the contact; and is booked without a new patient."""
    who = {**ASHA, "identifier": "P-1", "email": "asha@example.org"}
    Booked(client, mei, free(client, mei)[0], patient=who)
    start = free(client, mei)[0]
    found = _book(desk, mei, start=start, step="find", find=text)
    assert found.status_code == 200
    ((patient,),) = [
        re.findall(r'name="patient" id="patient-\S+" value="([0-9a-f-]{36})"', found.text)
    ]
    assert clinic.last_event(database, "patient.read")
    assert _book(desk, mei, start=start, patient=patient).status_code == 201
    with database.read() as session:
        assert session.scalars(select(func.count()).select_from(Patient)).one() == 1


@pytest.mark.parametrize("text", ["a\0b", "a " * 5000], ids=["NUL", "words"])
def test_what_no_database_takes_finds_nobody(desk: DeskClient, mei: str, text: str) -> None:
    """A NUL, or words without end, are looked for in vain and not in the database."""
    found = _book(desk, mei, step="find", find=text)
    assert found.status_code == 200
    assert "Nobody was found." in found.text


def test_another_time_can_be_chosen_for_what_was_typed(
    desk: DeskClient, client: TestClient, mei: str
) -> None:
    """Whoever wants another time than the free one begins with its day, and types nothing again."""
    start = free(client, mei)[0]
    page = desk.get("/desk/book", params={"doctor": mei, "start": start})
    assert f'<input type="hidden" name="date" value="{DAY}">' in page.text
    assert 'name="step" value="other-time"' in page.text
    typed = {"start": start, "date": DAY.isoformat(), **ASHA}
    answer = _book(desk, mei, step="other-time", **typed)
    assert answer.status_code == 200
    assert f'name="date" type="date" value="{DAY}"' in answer.text
    assert f'value="{start}"' not in answer.text
    assert 'value="Asha Verma"' in answer.text


def test_nobody_found_is_told(desk: DeskClient, client: TestClient, mei: str) -> None:
    """What was typed stays, and somebody new can be entered."""
    answer = _book(desk, mei, start=free(client, mei)[0], find="Nobody", note="Fever")
    assert answer.status_code == 200
    assert "Nobody was found." in answer.text
    assert "Fever</textarea>" in answer.text


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, ["name"]),
        ({"email": "asha@", "phone": "none"}, ["phone", "email"]),
        ({"visit_type": "x", "note": "n" * 1001}, ["visit_type", "note"]),
    ],
)
def test_a_mistake_is_told_at_its_field(
    desk: DeskClient,
    database: Database,
    client: TestClient,
    mei: str,
    fields: dict[str, str],
    wrong: list[str],
) -> None:
    """All of them at once, and what was typed is kept."""
    answer = _book(desk, mei, **{"start": free(client, mei)[0], **ASHA, **fields})
    assert answer.status_code == 422
    assert _mistakes(answer) == wrong
    assert ("note" in wrong) == ("note-mistake" in answer.text)
    assert "<title>Error: " in answer.text
    assert _count(database) == 0


def test_a_time_that_is_gone_is_told_with_others(
    desk: DeskClient, database: Database, client: TestClient, mei: str
) -> None:
    """Who was slower is offered the next free times, and keeps what was typed."""
    start, second, *_ = free(client, mei)
    Booked(client, mei, start)
    answer = _book(desk, mei, start=start, note="Fever", **ASHA)
    assert answer.status_code == 409
    assert "Somebody else was faster" in answer.text
    assert "Fever</textarea>" in answer.text
    others = re.findall(r'<button class="slot" name="start" value="([^"]+)"', answer.text)
    assert others[0] == second
    assert _book(desk, mei, start=others[0], **ASHA).status_code == 201


def test_a_held_time_is_told(desk: DeskClient, client: TestClient, mei: str) -> None:
    """Somebody who is about to book has it for some minutes."""
    start = free(client, mei)[0]
    hold(client, mei, start)
    assert "Somebody else is booking this time" in _book(desk, mei, start=start, **ASHA).text


def test_a_time_by_hand_is_booked_for_a_reason(
    desk: DeskClient, database: Database, client: TestClient, mei: str
) -> None:
    """Outside hours, as long as it is said to take; the log knows why."""
    answer = _book(desk, mei, **BY_HAND, **ASHA)
    assert answer.status_code == 201, answer.text
    assert "8:00 PM to 8:20 PM" in words(answer)
    assert clinic.last_event(database, "appointment.booked").data["override"] == "An emergency"


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        (
            {"date": "", "time": "", "minutes": "", "reason": ""},
            ["date", "time", "minutes", "reason"],
        ),
        ({"time": "25:00", "minutes": "4"}, ["time", "minutes"]),
        ({"date": "2035-02-30"}, ["date"]),
        ({"reason": "For Asha"}, ["reason"]),
        ({"doctor": ""}, ["doctor"]),
    ],
    ids=["missing", "time", "date", "naming", "doctor"],
)
def test_a_time_by_hand_must_be_whole(
    desk: DeskClient, database: Database, mei: str, changed: dict[str, str], wrong: list[str]
) -> None:
    """When, how long and why; and the reason, which stays, must not name the patient."""
    fields = {"doctor": mei, **BY_HAND, **ASHA, **changed}
    answer = desk.submit("/desk/book", **fields)
    assert answer.status_code == 422
    assert _mistakes(answer) == wrong
    assert _count(database) == 0


def test_a_time_that_the_clock_skips_is_told(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """There is no half past two where the clock goes from two to three."""
    assert admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Europe/Berlin"}).status_code == 200
    answer = _book(desk, mei, **{**BY_HAND, "date": "2099-03-29", "time": "02:30"}, **ASHA)
    assert _mistakes(answer) == ["time"]


def test_a_kind_of_visit_says_how_long(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """Of the free times and of one by hand, which then needs no length."""
    body = {"name": "First consultation", "duration_minutes": 60, "public": False}
    kind = admin.post("/v1/visit-types", json=body).json()["id"]
    assert "First consultation (60 minutes)" in words(desk.get(f"/desk/book?doctor={mei}"))
    start = free(admin, mei)[0]
    answer = _book(desk, mei, start=start, visit_type=kind, **ASHA)
    assert "9:00 AM to 10:00 AM" in words(answer)
    answer = _book(desk, mei, visit_type=kind, **{**BY_HAND, "minutes": ""}, **ASHA)
    assert "8:00 PM to 9:00 PM" in words(answer)


def test_a_doctor_books_for_themselves(
    door: DeskClient, database: Database, client: TestClient, mei: str
) -> None:
    """They look nobody up, and book with nobody else."""
    door.sign_in(database, DOCTOR)
    form = door.get(f"/desk/book?doctor={mei}&start={free(client, mei)[0].replace('+', '%2B')}")
    assert "Find somebody known" not in form.text
    assert _book(door, mei, start=free(client, mei)[0], **ASHA).status_code == 201
    rajesh = clinic.find(client, "Dr. Rajesh Kumar")
    assert door.get(f"/desk/book?doctor={rajesh}").status_code == 404
    assert _book(door, rajesh, start=free(client, rajesh)[0], **ASHA).status_code == 404
    found = _book(door, mei, start=free(client, mei)[0], step="find", find="Asha")
    assert "+91 80 5550 1234" not in found.text


@pytest.mark.parametrize("start", ["soon", "2035-10-01T10:00", "9999-12-31T23:59:59-12:00"])
def test_a_start_that_is_none_asks_for_one(desk: DeskClient, mei: str, start: str) -> None:
    """An address that somebody changed leads to the form for a time by hand."""
    page = desk.get("/desk/book", params={"doctor": mei, "start": start})
    assert page.status_code == 200
    assert 'name="reason"' in page.text

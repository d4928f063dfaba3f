"""A patient sees how their appointment stands, and what they can do."""

from typing import Any

import pytest
import vobject
from fastapi.testclient import TestClient

from calendula.database import Database
from support.booking import free, reserve
from support.clinic import DAY, contents
from support.managing import Patient, facts, heading, problem

CONTACT = {"name": "Sunrise Clinic", "phone": "+91 80 5550 0100", "holidays": None}


def test_all_is_said_of_an_appointment(client: TestClient, boss: dict[str, str], mei: str) -> None:
    """When by the clinic's clock, with whom, what for, how it stands, and until when it changes."""
    new = {"name": "Check-up", "duration_minutes": 30, "public": True}
    kind = client.post("/v1/visit-types", json=new, headers=boss).json()["id"]
    rules: dict[str, Any] = {**CONTACT, "policy": {"move_cutoff_minutes": 60}}
    client.put("/v1/clinic", json=rules, headers=boss)
    start = f"{DAY}T10:00:00+05:30"
    patient = Patient(client, mei, start, visit_type_id=kind)
    client.headers["Accept-Language"] = "en-GB"
    page = patient.send()
    told = facts(page)
    assert told.pop("Date").replace(",", "") == f"{DAY:%A} {DAY.day} {DAY:%B} {DAY.year}"
    for end, time in (("Move it until", "09:00"), ("Cancel it until", "10:00")):
        assert told.pop(end).endswith(f", {time} {time} is on your own clock.")
    assert told.pop("Time").startswith("10:00 to 10:30, India Time")
    assert told == {
        "Doctor": "Dr. Mei Chen",
        "Kind of visit": "Check-up",
        "Clinic": "Sunrise Clinic +91 80 5550 0100",
        "Status": "Booked",
    }
    assert "Asha" not in page.text


@pytest.mark.parametrize(
    ("actions", "status", "buttons"),
    [
        ([], "Booked", ["Add to calendar", "Move it", "Cancel it"]),
        (["arrive"], "You have arrived", ["Add to calendar"]),
        (["check-in"], "You have checked in", ["Add to calendar"]),
        (["arrive", "fulfil"], "You have been seen", ["Book again"]),
        (["cancel"], "Cancelled", ["Book again", "Take it off my calendar"]),
        (["enter-in-error"], "Booked by mistake", ["Book again"]),
    ],
)
def test_each_state_has_its_words(
    patient: Patient, boss: dict[str, str], actions: list[str], status: str, buttons: list[str]
) -> None:
    """How it stands is said in plain words, with what can be done then and nothing else."""
    for action in actions:
        body = {"reason": "a slip"} if action == "enter-in-error" else {}
        assert patient.do(action, boss, **body).status_code == 200
    page = patient.send()
    assert facts(page)["Status"] == status
    every = ["Add to calendar", "Move it", "Cancel it", "Book again", "Take it off my calendar"]
    assert [it for it in every if f">{it}</" in page.text] == sorted(buttons, key=every.index)


def test_what_was_missed_is_said(client: TestClient, desk: dict[str, str], mei: str) -> None:
    """Whoever did not come reads so, and can book again."""
    past = Patient(client, mei, "2025-02-07T10:00:00+05:30")
    assert "too late to move or cancel" in past.send().text
    past.do("no-show", desk)
    page = past.send()
    assert facts(page)["Status"] == "You did not come"
    assert f'href="/doctors/{mei}"' in page.text


def test_behind_a_cutoff_the_page_says_whom_to_call(patient: Patient, boss: dict[str, str]) -> None:
    """What can be done here no more has no button, but the clinic's number."""
    for limit, sentence, gone in (
        ("move", "It is too late to move this appointment here.", "Move it"),
        ("cancel", "It is too late to cancel this appointment here.", "Cancel it"),
    ):
        policy = {f"{limit}_cutoff_minutes": 60 * 24 * 30}
        rules = {**CONTACT, "policy": policy}
        assert patient.client.put("/v1/clinic", json=rules, headers=boss).is_success
        page = patient.send()
        assert sentence in page.text
        assert 'Please call <bdi>Sunrise Clinic</bdi> on <a href="tel:+918055500100">' in page.text
        assert f">{gone}</button>" not in page.text


@pytest.mark.parametrize(
    ("contact", "sentence"),
    [
        ({"name": None, "phone": None}, "Please call the clinic."),
        ({"name": "Sunrise", "phone": None}, "Please call <bdi>Sunrise</bdi>."),
        ({"name": None, "phone": "100"}, 'Please call the clinic on <a href="tel:100">'),
    ],
)
def test_whom_to_call_is_what_is_known(
    patient: Patient, boss: dict[str, str], contact: dict[str, str | None], sentence: str
) -> None:
    """A clinic that has told no name or number is still the clinic."""
    policy = {"move_cutoff_minutes": 60 * 24 * 30}
    rules = {**CONTACT, **contact, "policy": policy}
    assert patient.client.put("/v1/clinic", json=rules, headers=boss).is_success
    assert sentence in patient.send().text


def test_names_are_text(client: TestClient, boss: dict[str, str]) -> None:
    """A doctor's name and a clinic's are shown as what they are, whatever they hold."""
    name = "<script>alert(1)</script>"
    rules = {**CONTACT, "name": name, "policy": {"move_cutoff_minutes": 60 * 24 * 30}}
    assert client.put("/v1/clinic", json=rules, headers=boss).is_success
    new = {"name": f"Dr. {name}", "time_zone": "Asia/Kolkata"}
    doctor = client.post("/v1/doctors", json=new, headers=boss).json()["id"]
    patient = Patient(client, doctor, free(client, doctor)[0])
    page = patient.send()
    assert "<script>alert" not in page.text
    assert facts(page)["Doctor"] == f"Dr. {name}"


def test_the_calendar_file_is_the_apis(patient: Patient, database: Database) -> None:
    """The same bytes come by the page and by the API, to be downloaded; reading changes nothing."""
    before = contents(database)
    for method in ("REQUEST", "CANCEL"):
        page = patient.send("/calendar.ics")
        same = patient.client.get(f"{patient.path}/calendar.ics", headers=patient.token)
        assert (page.status_code, page.content) == (200, same.content)
        assert page.headers["content-type"] == same.headers["content-type"]
        assert page.headers["content-disposition"] == 'attachment; filename="appointment.ics"'
        assert page.headers["cache-control"] == "no-store"
        calendar = vobject.readOne(page.text)
        assert calendar.method.value == method
        assert patient.start == calendar.vevent.dtstart.value.isoformat()
        if method == "REQUEST":
            assert contents(database) == before
            patient.do("cancel")


def test_the_token_opens_one_appointment(patient: Patient, mei: str) -> None:
    """Another patient's appointment is none of theirs: no field of a form leads to it."""
    start = free(patient.client, mei)[0]
    other = reserve(patient.client, mei, start, patient={"name": "Ben"}).json()
    for field in ("id", "appointment_id"):
        page = patient.send(**{field: other["id"]})
        assert heading(page) == "Your appointment"
        assert problem(page) == ""
        assert start not in page.text

"""A patient cancels their appointment: a yes, and a reason if they like."""

import pytest
from fastapi.testclient import TestClient

from calendula.database import Database
from support.booking import free
from support.clinic import contents, last_event
from support.managing import Patient, facts, heading, plain, problem

RULES = {
    "name": "Sunrise Clinic",
    "phone": "+91 80 5550 0100",
    "holidays": None,
    "policy": {"cancel_cutoff_minutes": 60 * 24 * 30},
}


def test_an_appointment_is_cancelled(
    patient: Patient, database: Database, desk: dict[str, str], mei: str
) -> None:
    """After one question the time is free for others, and the page offers to book again.

    The reason is for the staff; the log has it not, but who it was.
    """
    ask = patient.send("/cancel")
    assert (ask.status_code, heading(ask)) == (200, "Cancel your appointment?")
    assert patient.read().json()["status"] == "booked"  # nothing is cancelled by a question
    done = patient.send("/cancelled", reason="I feel well again")
    assert (done.status_code, heading(done)) == (200, "Your appointment is cancelled")
    assert done.headers["cache-control"] == "no-store"
    assert facts(done)["Status"] == "Cancelled"
    assert f'href="/doctors/{mei}"' in done.text
    assert patient.start in free(patient.client, mei)
    assert patient.read(desk).json()["reason"] == "I feel well again"
    event = last_event(database, "appointment.cancelled")
    assert event.actor == f"token:{patient.id}"
    assert "well" not in str(event.data)


def test_no_reason_is_needed(patient: Patient, desk: dict[str, str]) -> None:
    """Whoever says nothing is asked nothing."""
    assert heading(patient.send("/cancelled", reason=" ")) == "Your appointment is cancelled"
    assert patient.read(desk).json()["reason"] is None


@pytest.mark.parametrize("reason", ["x" * 201, "a\u202eb", "a\x00b"])
def test_a_reason_that_cannot_be_kept(patient: Patient, database: Database, reason: str) -> None:
    """One that is too long, or hides something, is told at its field; nothing is cancelled yet."""
    before = contents(database)
    page = patient.send("/cancelled", reason=reason)
    assert (page.status_code, problem(page)) == (422, "There is a problem")
    assert 'aria-describedby="reason-hint reason-mistake"' in page.text
    assert contents(database) == before


def test_cancelled_twice_is_cancelled_once(patient: Patient, database: Database) -> None:
    """A second click, or a form that is sent again, shows the same and does nothing."""
    patient.send("/cancelled")
    before = contents(database)
    again = patient.send("/cancelled", reason="another")
    assert (again.status_code, heading(again)) == (200, "Your appointment is cancelled")
    assert contents(database) == before


@pytest.mark.parametrize("step", ["/cancel", "/cancelled"])
def test_behind_the_cutoff_nothing_is_cancelled(
    patient: Patient, boss: dict[str, str], step: str
) -> None:
    """It is too late: the page says so, and whom to call."""
    assert patient.client.put("/v1/clinic", json=RULES, headers=boss).is_success
    page = patient.send(step)
    assert page.status_code == 409
    assert problem(page) == "It is too late to change this appointment here"
    assert "Please call Sunrise Clinic on +91 80 5550 0100." in plain(page)
    assert patient.read().json()["status"] == "booked"


@pytest.mark.parametrize("step", ["/cancel", "/cancelled"])
def test_whoever_has_arrived_is_with_the_staff(
    patient: Patient, desk: dict[str, str], step: str
) -> None:
    """A patient in the waiting room talks to the desk."""
    patient.do("arrive", desk)
    page = patient.send(step, version="2")
    assert (page.status_code, facts(page)["Status"]) == (409, "You have arrived")


def test_what_is_over_is_not_cancelled(client: TestClient, mei: str, desk: dict[str, str]) -> None:
    """Whoever was seen cannot cancel that, and reads why."""
    past = Patient(client, mei, "2025-02-07T10:00:00+05:30")
    past.do("arrive", desk)
    past.do("fulfil", desk)
    page = past.send("/cancelled", version="3")
    assert page.status_code == 409
    assert problem(page) == "This appointment cannot be changed any more"

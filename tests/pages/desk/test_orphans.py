from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN, DOCTOR
from calendula.appointments.models import Appointment
from calendula.database import Database
from support.booking import Booked, free
from support.clinic import DAY, RAJESH, TWO, book, find, last_event
from support.desk import DeskClient, words


@pytest.fixture
def orphan(client: TestClient, admin: TestClient, mei: str) -> str:
    """The id of an appointment of Dr. Mei Chen's, who took the day off then."""
    appointment = book(client)

    answer = admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": []})
    assert len(answer.json()["effects"]["orphaned"]) == 1, answer.text
    return appointment


def test_who_has_lost_their_time_is_listed(
    desk: DeskClient, orphan: str, client: TestClient
) -> None:
    """Each appointment without a time leads to where it can be moved, and cancelled."""
    book(client, TWO, doctor_name=RAJESH, patient_name="Not Me", patient_id="P-2")
    page = desk.get("/desk/orphaned")
    text = words(page)
    assert "Asha Verma" in text
    assert "Not Me" not in text
    assert f'href="/desk/appointments/{orphan}/move"' in page.text
    assert f'href="/desk/appointments/{orphan}"' in page.text


def test_an_address_says_nothing_but_whom_to_write_to(
    desk: DeskClient, admin: TestClient, mei: str
) -> None:
    """Of an e-mail address that is made up to add a recipient to the letter, no part does."""
    who = {"name": "Asha Verma", "email": "asha?bcc=eve%40example.org&x=1@example.org"}
    Booked(admin, mei, free(admin, mei)[0], patient=who)
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": []})
    escaped = "asha%3Fbcc%3Deve%2540example.org%26x%3D1@example.org"
    assert f'href="mailto:{escaped}"' in desk.get("/desk/orphaned").text


def test_it_is_written_down_whose_data_was_shown(
    door: DeskClient, database: Database, orphan: str
) -> None:
    """Whose name is on the list has been read by who is signed in."""
    actor = door.sign_in(database, ADMIN)
    assert door.get("/desk/orphaned").status_code == 200
    read = last_event(database, "patient.read")
    assert (str(read.appointment_id), read.actor) == (orphan, actor)


def test_what_was_cancelled_needs_nobody(desk: DeskClient, orphan: str, admin: TestClient) -> None:
    """Once it is dealt with, it is on the list no more."""
    assert admin.post(f"/v1/appointments/{orphan}/cancel", json={}).status_code == 200
    assert "There is nothing to do here." in words(desk.get("/desk/orphaned"))


def test_what_is_over_needs_nobody(desk: DeskClient, orphan: str, database: Database) -> None:
    """A time that has gone by is nobody's care any more."""
    columns = ("starts_at", "ends_at", "occupied_from", "occupied_until")
    with database.write() as session:
        found = session.get(Appointment, UUID(orphan))
        for column in columns:
            setattr(found, column, getattr(found, column) - timedelta(days=60))
    assert "There is nothing to do here." in words(desk.get("/desk/orphaned"))


@pytest.mark.parametrize(("whose", "seen"), [(None, True), (RAJESH, False)])
def test_a_doctor_sees_their_own(
    door: DeskClient,
    database: Database,
    orphan: str,
    admin: TestClient,
    whose: str | None,
    seen: bool,
) -> None:
    """A doctor is shown their own patients, and no others."""
    door.sign_in(database, DOCTOR, **({"doctor_id": UUID(find(admin, whose))} if whose else {}))
    assert ("Asha Verma" in words(door.get("/desk/orphaned"))) == seen


def test_the_doctors_are_listed(desk: DeskClient, mei: str) -> None:
    """Each doctor has the way to their hours, their time off, and to closing a day."""
    page = desk.get("/desk/doctors")
    for what in ("hours", "time-off", "close-day"):
        assert f'href="/desk/doctors/{mei}/{what}"' in page.text
    assert 'href="/desk/time-off"' in page.text


def test_a_doctor_finds_themselves_alone(door: DeskClient, database: Database) -> None:
    """A doctor is not led to what they may not do."""
    door.sign_in(database, DOCTOR)
    page = door.get("/desk/doctors")
    assert "Mei Chen" in page.text
    assert "Rajesh" not in page.text
    assert 'href="/desk/time-off"' not in page.text

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import DOCTOR, RECEPTION
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.patients.models import Patient
from support.clinic import DAY, RAJESH, TWO, book, find, last_event
from support.desk import DeskClient, words

PHONE = "+91 22 5550 0100"
EMAIL = "asha@example.com"


@pytest.fixture
def asha(client: TestClient, admin: TestClient, database: Database) -> str:
    """The id of a patient of Dr. Mei Chen's, P-1."""
    appointment = book(client)
    with database.read() as session:
        found = session.get(Appointment, UUID(appointment))
    assert found is not None
    change = {"phone": PHONE, "email": EMAIL}
    assert admin.patch(f"/v1/patients/{found.patient_id}", json=change).status_code == 200
    return str(found.patient_id)


def _stored(database: Database, patient: str) -> Patient:
    with database.read() as session:
        found = session.get(Patient, UUID(patient))
    assert found is not None
    return found


def _details(**other: str) -> dict[str, str]:
    known = {"name": "Asha Verma", "identifier": "P-1", "phone": PHONE, "email": EMAIL}
    return {**known, **other}


@pytest.mark.parametrize(
    "known",
    [{"name": "verma ASHA"}, {"identifier": "P-1"}, {"phone": "0100"}, {"email": EMAIL.upper()}],
)
def test_a_patient_is_found(
    door: DeskClient, database: Database, asha: str, known: dict[str, str]
) -> None:
    """Whatever is known of a patient leads to them, and who has looked is written down."""
    actor = door.sign_in(database, RECEPTION)
    page = door.submit("/desk/patients", **known)
    assert "1 patient found" in words(page)
    assert f'href="/desk/patients/{asha}"' in page.text
    read = last_event(database, "patient.read")
    assert (str(read.patient_id), read.actor) == (asha, actor)


def test_nobody_is_found(desk: DeskClient, asha: str) -> None:
    """Where nobody is like that, it is said, and what was typed stays."""
    page = desk.submit("/desk/patients", name="Nobody", phone="999")
    assert "We found no such patient." in words(page)
    assert 'value="Nobody"' in page.text


@pytest.mark.parametrize(
    ("known", "said", "where"),
    [
        ({}, "Enter at least one thing to look for.", "name"),
        ({"name": "\u0301"}, "Enter a", "name"),
        ({"phone": "call me"}, "Enter a telephone number", "phone"),
        ({"email": "asha"}, "Enter an e-mail address", "email"),
        ({"identifier": "x" * 999}, "one line of at most 200", "identifier"),
    ],
)
def test_a_search_for_nothing(
    desk: DeskClient, known: dict[str, str], said: str, where: str
) -> None:
    """What cannot be looked for is said at its field."""
    page = desk.submit("/desk/patients", **known)
    assert page.status_code == 422
    assert said in words(page)
    assert f'href="#{where}"' in page.text


def test_a_patient_is_shown_with_their_appointments(
    desk: DeskClient, client: TestClient, admin: TestClient, asha: str, database: Database
) -> None:
    """All that is booked for a patient is there, whatever has become of it."""
    ahead = book(client, doctor_name=RAJESH)
    gone = book(client, TWO)
    past = book(client, day=DAY - timedelta(days=20))
    assert admin.post(f"/v1/appointments/{gone}/cancel", json={}).status_code == 200
    page = desk.get(f"/desk/patients/{asha}")
    before, _, after = page.text.partition("Past appointments")
    for one in (ahead, gone):
        assert f'href="/desk/appointments/{one}"' in before
    assert f'href="/desk/appointments/{past}"' in after
    assert "Cancelled" in words(page)
    assert str(last_event(database, "patient.read").patient_id) == asha


def test_details_are_changed(desk: DeskClient, asha: str, database: Database) -> None:
    """What is stored about a patient is put right, and what is emptied is nothing."""
    changed = _details(name="Asha Verma-Rao", phone="")
    answer = desk.submit(f"/desk/patients/{asha}", **changed)
    assert answer.headers["location"] == f"/desk/patients/{asha}?done=patient-changed"
    stored = _stored(database, asha)
    assert (stored.name, stored.phone, stored.email) == ("Asha Verma-Rao", None, EMAIL)
    assert last_event(database, "patient.changed").data == {"changed": ["name", "phone"]}
    assert "The details are saved." in words(desk.get(answer.headers["location"]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Enter the name."),
        ({"email": "asha"}, "Enter an e-mail address"),
        ({"name": "Bela", "identifier": "P-2"}, "Another patient has this number and this name."),
    ],
)
def test_details_that_cannot_be(
    desk: DeskClient,
    client: TestClient,
    asha: str,
    database: Database,
    change: dict[str, str],
    said: str,
) -> None:
    """What is wrong is said at its field, what was typed stays, and nothing is changed."""
    book(client, TWO, patient_id="P-2", patient_name="Bela")
    page = desk.submit(f"/desk/patients/{asha}", **_details(**change))
    assert page.status_code == 422
    assert page.text.count(said) == 2
    assert _stored(database, asha).name == "Asha Verma"


def test_who_was_merged_leads_to_whom(
    desk: DeskClient, client: TestClient, admin: TestClient, asha: str, database: Database
) -> None:
    """A patient who is another's duplicate cannot be changed, and leads to that one."""
    with database.read() as session:
        other = session.get(Appointment, UUID(book(client, TWO, patient_id="P-2")))
    assert other is not None
    merge = {"duplicate_id": str(other.patient_id)}
    assert admin.post(f"/v1/patients/{asha}/merge", json=merge).status_code == 200
    page = desk.get(f"/desk/patients/{other.patient_id}")
    assert f'href="/desk/patients/{asha}"' in page.text
    assert 'name="phone"' not in page.text
    assert desk.submit(f"/desk/patients/{other.patient_id}", **_details()).status_code == 409


def test_nobody_is_there(desk: DeskClient) -> None:
    """An id that no patient has leads to a page that says so."""
    assert desk.get(f"/desk/patients/{uuid4()}").status_code == 404


def test_a_doctor_sees_their_patients_alone(
    door: DeskClient, database: Database, client: TestClient, asha: str
) -> None:
    """A doctor sees who is booked with them, with their own appointments, and changes nothing."""
    other = book(client, TWO, doctor_name=RAJESH)
    door.sign_in(database, DOCTOR)
    page = door.get(f"/desk/patients/{asha}")
    assert PHONE in words(page)
    assert other not in page.text
    assert 'name="phone"' not in page.text
    assert door.submit(f"/desk/patients/{asha}", **_details()).status_code == 403
    assert door.get("/desk/patients").status_code == 403


def test_a_doctor_does_not_see_others(
    door: DeskClient, database: Database, client: TestClient, asha: str
) -> None:
    """Whether there is a patient of other doctors, a doctor is not told."""
    door.sign_in(database, DOCTOR, doctor_id=UUID(find(client, RAJESH)))
    assert door.get(f"/desk/patients/{asha}").status_code == 404


def test_names_are_shown_as_they_are_written(desk: DeskClient, client: TestClient) -> None:
    """A name is text, whatever it looks like."""
    book(client, patient_name="<script>alert(1)</script>")
    page = desk.submit("/desk/patients", name="script")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert" not in page.text

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import DOCTOR
from calendula.appointments.models import Appointment
from calendula.database import Database
from support.clinic import DAY, RAJESH, TWO, book, find, labels, last_event
from support.desk import DeskClient, words

WANTED = {"date": DAY.isoformat(), "action": "move", "to": "doctor"}


def _path(mei: str) -> str:
    return f"/desk/doctors/{mei}/close-day"


def _close(desk: DeskClient, mei: str, **fields: str) -> Any:
    """Return the answer to who has looked at the preview, and closes the day."""
    preview = desk.submit(_path(mei), **fields)
    (fields["seen"],) = re.findall(r'name="seen" value="([^"]*)"', preview.text)
    return desk.submit(_path(mei), **fields, step="do")


def _stored(database: Database, appointment: str) -> Appointment:
    with database.read() as session:
        found = session.get(Appointment, UUID(appointment))
    assert found is not None
    return found


def test_the_preview_shows_what_would_become_of_each(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """Each appointment is shown with its new time, and nothing is done yet."""
    appointment = book(admin)
    book(admin, TWO, patient_id="P-2", patient_name="Bela")
    page = desk.submit(_path(mei), **WANTED)
    text = words(page)
    assert page.status_code == 200
    assert "Asha Verma 10:00" in text
    assert "Bela 2:00" in text
    assert text.count("Moved to") == 2
    assert _stored(database, appointment).date == DAY
    assert labels(admin, mei)


def test_the_day_is_closed_and_whom_to_call_is_shown(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """Whoever was booked is moved, and shown with how they are reached."""
    appointment = book(admin)
    patient = _stored(database, appointment).patient_id
    phone = {"phone": "+91 (22) 5550-0100"}
    assert admin.patch(f"/v1/patients/{patient}", json=phone).status_code == 200
    page = _close(desk, mei, **WANTED)
    text = words(page)
    assert "The day is closed" in text
    assert "Asha Verma +91 (22) 5550-0100" in text
    assert 'href="tel:+912255500100"' in page.text
    assert _stored(database, appointment).date == DAY + timedelta(days=1)
    assert not labels(admin, mei)
    assert last_event(database, "patient.read").patient_id == patient


def test_cancelling_offers_another_time(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """Who is cancelled can be offered a time at the telephone; the reason is kept."""
    appointment = book(admin)
    fields = {**WANTED, "action": "cancel", "reason": "The doctor is ill"}
    assert "A time to offer:" in words(desk.submit(_path(mei), **fields))
    text = words(_close(desk, mei, **fields))
    assert "Cancelled" in text
    assert "which is not reserved:" in text
    stored = _stored(database, appointment)
    assert (stored.status, stored.reason) == ("cancelled", "The doctor is ill")


def test_nobody_is_dealt_with_unseen(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """Whoever books between the preview and the closing is shown before anything is done."""
    book(admin)
    preview = desk.submit(_path(mei), **WANTED)
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', preview.text)
    late = book(admin, TWO, patient_id="P-2", patient_name="Bela")
    again = desk.submit(_path(mei), **WANTED, step="do", seen=seen)
    assert again.status_code == 412
    assert "Somebody else has changed this" in words(again)
    assert "Bela 2:00" in words(again)
    assert _stored(database, late).date == DAY
    assert labels(admin, mei)
    assert "The day is closed" in words(_close(desk, mei, **WANTED, seen=seen))
    assert _stored(database, late).date > DAY


def test_a_day_without_appointments(desk: DeskClient, mei: str) -> None:
    """Where nothing is booked, that is said."""
    assert "Nothing is booked on that day." in words(desk.submit(_path(mei), **WANTED))
    assert "Nothing was booked on that day." in words(_close(desk, mei, **WANTED))


def test_something_can_be_changed(desk: DeskClient, mei: str) -> None:
    """From the preview there is a way back, with all that was chosen."""
    page = desk.submit(_path(mei), **{**WANTED, "action": "cancel"}, step="change")
    assert 'value="cancel" checked' in page.text
    assert f'value="{DAY}"' in page.text


@pytest.mark.parametrize(
    ("fields", "said", "where"),
    [
        ({"action": "move"}, "Enter the day.", "date"),
        ({"date": "soon", "action": "move"}, "Enter the day as a date", "date"),
        ({"date": date.min.isoformat(), "action": "move"}, "must not have passed", "date"),
        ({"date": DAY.isoformat()}, "Choose what is to be done", "action"),
        ({**WANTED, "to": "anybody"}, "Choose with whom", "to"),
        ({**WANTED, "reason": "x" * 300}, "Enter a shorter reason", "reason"),
    ],
)
def test_mistakes_are_told_at_their_place(
    desk: DeskClient, mei: str, fields: dict[str, str], said: str, where: str
) -> None:
    """What is wrong is said above the form and at its field."""
    page = desk.submit(_path(mei), **fields, step="do")
    assert page.status_code == 422
    assert page.text.count(said) == 2
    assert f'href="#{where}"' in page.text
    assert f'id="{where}"' in page.text


def test_a_specialty_is_offered_to_who_has_one(
    desk: DeskClient, admin: TestClient, mei: str
) -> None:
    """A doctor without a specialty has no colleagues of the same one."""
    assert admin.patch(f"/v1/doctors/{mei}", json={"specialty": None}).status_code == 200
    assert 'value="specialty"' not in desk.get(_path(mei)).text
    assert admin.patch(f"/v1/doctors/{mei}", json={"specialty": "Skin"}).status_code == 200
    assert 'value="specialty"' in desk.get(_path(mei)).text


def test_a_doctor_closes_their_own_days_alone(
    door: DeskClient, admin: TestClient, database: Database, mei: str
) -> None:
    """A doctor may close a day of their own, and of nobody else."""
    door.sign_in(database, DOCTOR)
    assert door.get(_path(mei)).status_code == 200
    assert door.submit(_path(mei), **WANTED, step="do").status_code == 200
    assert door.submit(_path(find(admin, RAJESH)), **WANTED, step="do").status_code == 403

"""An appointment at the desk: all of it, and what is done to it."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN, DOCTOR
from calendula.database import Database
from support import clinic
from support.access import key
from support.booking import Booked, free
from support.clinic import DAY
from support.desk import DeskClient, words


def _see(desk: DeskClient, appointment_id: str) -> Any:
    answer = desk.get(f"/desk/appointments/{appointment_id}")
    assert answer.status_code == 200, answer.text
    return answer


def _do(desk: DeskClient, appointment_id: str, action: str, **fields: str) -> Any:
    """Return the answer to a button of the appointment's page."""
    (version,) = set(re.findall(r'name="version" value="(\d+)"', _see(desk, appointment_id).text))
    path = f"/desk/appointments/{appointment_id}/{action}"
    return desk.submit(path, version=version, back=f"/desk?date={DAY}", **fields)


def _status(database: Database, booked: Booked) -> str:
    return str(booked.read(key(database, ADMIN)).json()["status"])


def test_all_of_an_appointment_is_shown(
    desk: DeskClient, database: Database, booked: Booked
) -> None:
    """Who comes, to whom, when and why, and how to reach them; that it was read is in the log."""
    page = words(_see(desk, booked.id))
    for text in "Asha Verma", "Dr. Mei Chen", "9:00 AM to 9:30 AM", "asha@example.org":
        assert text in page
    assert "Bring the X-rays." in page
    assert str(clinic.last_event(database, "patient.read").appointment_id) == booked.id


def test_a_day_is_run_by_buttons(desk: DeskClient, database: Database, booked: Booked) -> None:
    """A patient comes, is checked in and is seen; each step leads back to the day and says so."""
    for action, status, sentence in (
        ("arrive", "arrived", "The patient has arrived."),
        ("check-in", "checked-in", "The patient is checked in."),
        ("fulfil", "fulfilled", "The patient was seen."),
    ):
        answer = _do(desk, booked.id, action)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/desk?date={DAY}&done={action}"
        assert sentence in desk.get(answer.headers["location"]).text
        assert _status(database, booked) == status


def test_an_arrival_is_taken_back(desk: DeskClient, database: Database, booked: Booked) -> None:
    """Whoever pressed the wrong button presses another."""
    _do(desk, booked.id, "arrive")
    assert _do(desk, booked.id, "undo").status_code == 303
    assert _status(database, booked) == "booked"


def test_who_did_not_come_is_a_no_show(
    desk: DeskClient, database: Database, client: TestClient
) -> None:
    """Once the time has begun, and not before."""
    past = clinic.book(client, day=DAY.replace(year=DAY.year - 1))
    assert _do(desk, past, "no-show").status_code == 303
    ahead = clinic.book(client)
    assert "Did not come" not in words(_see(desk, ahead))
    answer = _do(desk, ahead, "no-show")
    assert answer.status_code == 409
    assert "That is not possible any more" in answer.text


def test_an_appointment_is_cancelled_with_a_reason(
    desk: DeskClient, database: Database, booked: Booked
) -> None:
    """The reason stays with the appointment, whose page offers nothing to do any more."""
    assert _do(desk, booked.id, "cancel", reason="Flu").status_code == 303
    assert _status(database, booked) == "cancelled"
    page = words(_see(desk, booked.id))
    assert "Flu" in page
    assert "What happens now" not in page


def test_a_reason_too_long_is_told(desk: DeskClient, database: Database, booked: Booked) -> None:
    """Nothing is cancelled before it can be said why."""
    answer = _do(desk, booked.id, "cancel", reason="x" * 201)
    assert answer.status_code == 422
    assert "The reason must be one line" in answer.text
    assert _status(database, booked) == "booked"


def test_what_somebody_else_has_changed_is_seen_first(
    desk: DeskClient, database: Database, booked: Booked
) -> None:
    """A button of a page from before changes nothing, and shows how it is now."""
    booked.do("check-in", key(database, ADMIN))
    path = f"/desk/appointments/{booked.id}/arrive"
    answer = desk.submit(path, version="1", back="/desk")
    assert answer.status_code == 412
    assert "Somebody else has changed this" in answer.text
    assert "Checked in" in answer.text


@pytest.mark.parametrize("version", ["", "x", "0"])
def test_a_button_says_what_it_was_made_for(
    desk: DeskClient, database: Database, booked: Booked, version: str
) -> None:
    """A form without the version that it shows does nothing."""
    answer = desk.submit(f"/desk/appointments/{booked.id}/arrive", version=version)
    assert answer.status_code == 422
    assert _status(database, booked) == "booked"


def test_a_form_of_no_session_changes_nothing(
    desk: DeskClient, database: Database, booked: Booked
) -> None:
    """The token of the session's pages is needed."""
    answer = desk.post(f"/desk/appointments/{booked.id}/arrive", data={"version": "1"})
    assert answer.status_code == 403
    assert _status(database, booked) == "booked"


def test_an_admin_strikes_out(door: DeskClient, database: Database, booked: Booked) -> None:
    """What was entered in error counts as none; the reception has no such button."""
    door.sign_in(database, ADMIN)
    assert "It was entered in error" in words(_see(door, booked.id))
    assert _do(door, booked.id, "enter-in-error").status_code == 303
    assert _status(database, booked) == "entered-in-error"


def test_the_reception_strikes_nothing_out(
    desk: DeskClient, database: Database, booked: Booked
) -> None:
    """It is refused, as under /v1."""
    assert "It was entered in error" not in words(_see(desk, booked.id))
    assert _do(desk, booked.id, "enter-in-error").status_code == 403
    assert _status(database, booked) == "booked"


def test_a_doctor_has_their_own_appointments(
    door: DeskClient, database: Database, booked: Booked, client: TestClient
) -> None:
    """Another's is not there, to look at or to change, and that they tried is in the log."""
    door.sign_in(database, DOCTOR)
    assert _do(door, booked.id, "arrive").status_code == 303
    rajesh = clinic.find(client, "Dr. Rajesh Kumar")
    other = Booked(client, rajesh, free(client, rajesh)[0])
    path = f"/desk/appointments/{other.id}"
    assert door.get(path).status_code == 404
    assert door.submit(f"{path}/arrive", version="1").status_code == 404
    assert clinic.last_event(database, "access.denied").data == {"operation": "desk_arrive"}


def test_what_has_happened_is_told(desk: DeskClient, booked: Booked) -> None:
    """In order, with who did it."""
    _do(desk, booked.id, "arrive")
    page = words(_see(desk, booked.id))
    history = page[page.index("What has happened") :]
    assert re.search(r"Booked .* whoever booked Arrived .* the clinic", history)


def test_what_people_wrote_is_text(desk: DeskClient, client: TestClient, mei: str) -> None:
    """Names and notes are shown as what they are."""
    who = {"name": "<b>Asha</b>", "email": "x@example.org"}
    note = "<script>alert(1)</script>"
    other = Booked(client, mei, free(client, mei)[0], patient=who, note=note)
    page = _see(desk, other.id).text
    assert "<bdi>&lt;b&gt;Asha&lt;/b&gt;</bdi>" in page
    assert "<script>alert" not in page

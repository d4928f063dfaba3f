import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import DOCTOR
from calendula.database import Database
from support.clinic import MEI, RAJESH, book, find, last_event, orphans, window
from support.desk import DeskClient, words

ROTATING = window("15:00", "16:00", 20, weekday="mon", valid_from="2099-01-05", every_weeks=2)


def _path(mei: str) -> str:
    return f"/desk/doctors/{mei}/hours"


def _fields(page: Any) -> dict[str, str]:
    """Return the fields of the form on a page, as a browser sends them."""
    inputs = re.findall(r"<input [^>]*>", page.text)
    pairs = [(re.search(r'name="([^"]+)"', it), re.search(r'value="([^"]*)"', it)) for it in inputs]
    named = {name[1]: value[1] for name, value in pairs if name and value}
    return {it: value for it, value in named.items() if it not in {"csrf", "back"}}


def _week(admin: TestClient, mei: str) -> Any:
    return admin.get(f"/v1/doctors/{mei}/hours").json()["windows"]


def _without_mornings(page: Any) -> dict[str, str]:
    return {it: "" if re.search("-0-(start|end)$", it) else v for it, v in _fields(page).items()}


def test_saving_what_is_shown_changes_nothing(
    desk: DeskClient, admin: TestClient, mei: str
) -> None:
    """A week that is looked at and saved is what it was, with rotations and nights."""
    nights = [window("22:00", "02:00", 60, weekday="sat"), window("10:00", "00:00", weekday="tue")]
    week = {"windows": [window("09:00", "12:00", weekday="mon"), ROTATING, *nights]}
    answer = admin.put(f"/v1/doctors/{mei}/hours", json=week)
    assert answer.status_code == 200, answer.text
    before = _week(admin, mei)
    page = desk.get(_path(mei))
    assert "Every 2 weeks. From Monday, January 5, 2099." in words(page)
    answer = desk.submit(_path(mei), **_fields(page), step="do")
    assert answer.headers["location"] == f"{_path(mei)}?done=hours-saved"
    assert _week(admin, mei) == before


def test_a_preview_changes_nothing(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """It is shown what the week would be, and who would lose their time."""
    book(admin)
    before = _week(admin, mei)
    page = desk.submit(_path(mei), **_without_mornings(desk.get(_path(mei))))
    assert "1 appointment would lose its time" in words(page)
    assert "Asha Verma" in words(page)
    assert "Monday 2:00" in words(page)
    assert _week(admin, mei) == before
    assert not orphans(admin)
    assert last_event(database, "patient.read").patient_id is not None


def test_the_hours_are_saved(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """What was previewed is done; who has lost their time is shown then."""
    appointment = book(admin)
    preview = desk.submit(_path(mei), **_without_mornings(desk.get(_path(mei))))
    answer = desk.submit(_path(mei), **_fields(preview), step="do")
    assert answer.status_code == 303, words(answer)
    assert answer.headers["location"] == "/desk/orphaned?done=hours-saved"
    assert orphans(admin) == [appointment]
    assert {it["start"] for it in _week(admin, mei)} == {"14:00"}


def test_hours_that_come_back(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """Who would have their time again is shown too."""
    book(admin)
    usual = _fields(desk.get(_path(mei)))
    assert admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []}).status_code == 200
    usual["version"] = _fields(desk.get(_path(mei)))["version"]
    assert "1 appointment would have its time again" in words(desk.submit(_path(mei), **usual))


@pytest.mark.parametrize("step", ["look", "do"])
def test_nobody_overwrites_what_they_have_not_seen(
    desk: DeskClient, admin: TestClient, mei: str, step: str
) -> None:
    """Whoever is behind is told, sees the hours of now, and keeps what they typed."""
    typed = _fields(desk.get(_path(mei))) | {"mon-0-start": "08:15"}
    week = {"windows": [window("10:00", "11:00", weekday="fri")]}
    assert admin.put(f"/v1/doctors/{mei}/hours", json=week).status_code == 200
    page = desk.submit(_path(mei), **typed, step=step)
    assert page.status_code == 412
    assert "Somebody else has changed these hours" in words(page)
    assert "Friday 10:00" in words(page)
    assert 'value="08:15"' in page.text
    assert len(_week(admin, mei)) == 1
    assert desk.submit(_path(mei), **_fields(page), step="do").status_code == 303
    assert _week(admin, mei)[0]["start"] == "08:15"


def test_mistakes_are_told_at_their_place(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """What is wrong is said above the form and at its field, and what was typed stays."""
    typed = _fields(desk.get(_path(mei))) | {"tue-0-slot_minutes": "x", "wed-0-end": ""}
    page = desk.submit(_path(mei), **typed, step="do")
    assert page.status_code == 422
    for where in ("tue-0-slot_minutes", "wed-0-end"):
        assert f'href="#{where}"' in page.text
        assert f'aria-describedby="{where}-mistake"' in page.text
    assert 'value="x"' in page.text
    assert "<title>Error: " in page.text


def test_rows_can_be_added(desk: DeskClient, mei: str) -> None:
    """Each press gives every day another row, as long as anybody needs that many."""
    page = desk.get(_path(mei))
    rows = [page.text.count('type="time"')]
    for _ in range(4):
        page = desk.submit(_path(mei), **_fields(page), step="more")
        rows.append(page.text.count('type="time"'))
    assert rows == [rows[0] + 14 * it for it in range(5)]
    assert 'value="more"' not in page.text


def test_something_can_be_changed(desk: DeskClient, mei: str) -> None:
    """From the preview there is a way back, with all that was typed."""
    typed = _fields(desk.get(_path(mei))) | {"mon-0-start": "08:45"}
    preview = desk.submit(_path(mei), **typed)
    page = desk.submit(_path(mei), **_fields(preview), step="change")
    assert page.status_code == 200
    assert 'value="08:45"' in page.text


@pytest.mark.parametrize("made_up", [{"version": "x"}, {"empty": "9" * 30}, {"version": "9" * 99}])
def test_what_no_page_sends(desk: DeskClient, mei: str, made_up: dict[str, str]) -> None:
    """A form that no page has made is answered with a page."""
    page = desk.submit(_path(mei), **{**_fields(desk.get(_path(mei))), **made_up})
    assert page.status_code in {200, 412}


def test_a_doctor_edits_their_own_hours_alone(
    door: DeskClient, admin: TestClient, database: Database, mei: str
) -> None:
    """A doctor may edit their own week, and nobody else's."""
    door.sign_in(database, DOCTOR)
    page = door.get(_path(mei))
    assert MEI in words(page)
    assert door.submit(_path(mei), **_fields(page), step="do").status_code == 303
    other = _path(find(admin, RAJESH))
    assert door.get(other).status_code == 403
    assert door.submit(other, **_fields(page), step="do").status_code == 403

"""The way from a chosen time to an appointment, without JavaScript."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.patients.models import Patient
from support.access import bearer
from support.booking import expire, free, reserve
from support.clinic import DAY, contents
from support.pages import Page, open_page, press

TEN = f"{DAY}T10:00:00+05:30"
ASHA = {"name": "Asha Verma", "email": "asha@example.org", "phone": "+91 80 5550 1234"}
NOTE = "The left knee.\nSince May."
SCRIPT = "<script>alert(1)</script>"


def _choose(client: TestClient, doctor: str, button: str = "10:00") -> Page:
    page = open_page(client, f"/doctors/{doctor}", date=str(DAY))
    return press(client, page.form("/hold"), button)


def _check(client: TestClient, doctor: str, **typed: str) -> Page:
    details = _choose(client, doctor)
    return press(client, details.form("/check"), **{**ASHA, "note": NOTE, **typed})


def _statuses(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Appointment.status).order_by(Appointment.id)))


def test_the_whole_way(client: TestClient, database: Database, mei: str) -> None:
    """A time is chosen, held, and booked for whom it says; the page shows all that matters."""
    details = _choose(client, mei)
    assert details.status == 200
    assert "10:00 to 10:30" in details.text
    assert "(10 minutes left)" in details.text.replace("( ", "(")
    assert _statuses(database) == ["pending"]
    check = press(client, details.form("/check"), **ASHA, note=NOTE)
    assert check.status == 200
    for value in (*ASHA.values(), "The left knee.", "Dr. Mei Chen"):
        assert value in check.text
    done = press(client, check.form("/book"))
    assert done.status == 201
    assert "Your appointment is booked" in done.text
    with database.read() as session:
        (found,) = session.scalars(select(Appointment))
        (patient,) = session.scalars(select(Patient))
    assert (found.status, found.note, found.phone) == ("booked", NOTE, ASHA["phone"])
    assert patient.name == "Asha Verma"


def test_the_link_manages_the_appointment(client: TestClient, database: Database, mei: str) -> None:
    """The link of the last page has the token after its #, and the calendar's form has it too."""
    done = press(client, _check(client, mei).form("/book"))
    path, _, token = done.links["Manage your appointment"].partition("#")
    assert path == "/manage"
    assert f"http://testserver/manage#{token}" in done.text
    assert done.form("/manage/calendar.ics").fields == {"token": token}
    with database.read() as session:
        own_id = session.scalars(select(Appointment.id)).one()
    own = client.get(f"/v1/appointments/{own_id}", headers=bearer(token))
    assert own.json()["start"] == TEN


def test_booking_twice_is_booking_once(client: TestClient, database: Database, mei: str) -> None:
    """A form that is sent twice, or a page that is loaded again, gives the same page."""
    form = _check(client, mei).form("/book")
    first, second = press(client, form), press(client, form)
    assert (first.status, first.html) == (second.status, second.html)
    assert _statuses(database) == ["booked"]


def test_choosing_twice_is_choosing_once(client: TestClient, database: Database, mei: str) -> None:
    """Who clicks a time twice gets one hold, and not themselves as a rival."""
    form = open_page(client, f"/doctors/{mei}", date=str(DAY)).form("/hold")
    first, second = press(client, form, "10:00"), press(client, form, "10:00")
    assert (first.status, second.status) == (200, 200)
    assert first.form("/check").fields["hold"] == second.form("/check").fields["hold"]
    assert _statuses(database) == ["pending"]


def test_the_same_page_twice_after_the_hold(
    client: TestClient, database: Database, mei: str
) -> None:
    """Who goes back to an old page and takes the time that was let go holds it anew."""
    form = open_page(client, f"/doctors/{mei}", date=str(DAY)).form("/hold")
    press(client, press(client, form, "10:00").form("/release"))
    again = press(client, form, "10:00")
    assert again.status == 200
    assert _statuses(database) == ["cancelled", "pending"]
    assert press(client, again.form("/check"), **ASHA).form("/book")


def test_mistakes_are_told_at_their_fields(client: TestClient, mei: str) -> None:
    """Each mistake is in the summary, links to its field, and nothing that was typed is lost."""
    page = _check(client, mei, name=" ", email="nobody", phone="x", note=NOTE)
    assert page.status == 422
    assert "<title>Error: " in page.html
    links = {name: it for name, it in page.links.items() if it.startswith("#")}
    assert links.pop("Skip to the content")
    assert links == {
        "Enter the full name": "#name",
        "Enter an e-mail address like name@example.com": "#email",
        "Enter a phone number like 020 7946 0000": "#phone",
    }
    fields = page.form("/check").fields
    assert (fields["email"], fields["phone"], fields["note"]) == ("nobody", "x", NOTE)
    assert press(client, page.form("/check"), **ASHA).form("/book")


@pytest.mark.parametrize("step", ["/check", "/book"])
def test_a_note_that_is_too_long_is_told(client: TestClient, mei: str, step: str) -> None:
    """A note over its length is a mistake of that field, at whatever step it comes."""
    page = _choose(client, mei) if step == "/check" else _check(client, mei)
    page = press(client, page.form(step), **ASHA, note="x" * 1001)
    assert page.status == 422
    assert "#note" in page.links.values()


def test_an_answer_can_be_changed(client: TestClient, mei: str) -> None:
    """Change leads back to the form with all that was typed, and on to the same booking."""
    check = _check(client, mei)
    form = press(client, check.form("/check"), "Change the e-mail address").form("/check")
    for name, value in {**ASHA, "note": NOTE}.items():
        assert form.fields[name] == value
    for name in ("key", "hold", "start"):
        assert form.fields[name] == check.form("/book").fields[name]
    again = press(client, form, email="verma@example.org")
    assert "verma@example.org" in again.text
    assert press(client, again.form("/book")).status == 201


def test_another_time_lets_the_first_one_go(
    client: TestClient, database: Database, mei: str
) -> None:
    """Who wants another time gives the one they held back, and comes to the same day."""
    page = press(client, _check(client, mei).form("/release"))
    assert page.status == 200
    assert _statuses(database) == ["cancelled"]
    assert "10:00" in [text for text, _, _ in page.form("/hold").buttons]


def test_a_hold_that_has_ended_is_held_again(
    client: TestClient, database: Database, mei: str
) -> None:
    """Whoever takes long over the form keeps the time, as long as nobody else took it."""
    details = _choose(client, mei)
    expire(database)
    check = press(client, details.form("/check"), **ASHA)
    assert check.status == 200
    assert check.form("/book").fields["hold"] != details.form("/check").fields["hold"]
    assert press(client, check.form("/book")).status == 201


def test_without_its_hold_it_is_booked_all_the_same(
    client: TestClient, database: Database, mei: str
) -> None:
    """A hold that ended on the last page is nobody's trouble, and sending it twice is as once."""
    form = _check(client, mei).form("/book")
    expire(database)
    first, second = press(client, form), press(client, form)
    assert first.status == 201
    assert first.html == second.html


def test_a_key_is_of_one_booking(client: TestClient, mei: str) -> None:
    """Who goes back and sends other details is told that they have booked already."""
    form = _check(client, mei).form("/book")
    assert press(client, form).status == 201
    again = press(client, form, name="Somebody Else")
    assert again.status == 422
    assert "You have booked this already" in again.text


@pytest.mark.parametrize("name", [SCRIPT, "محمد <b>", "O'Brien \" & Söhne"])
def test_a_name_is_text(client: TestClient, database: Database, mei: str, name: str) -> None:
    """Whatever somebody is called is shown and stored as it is, on every page."""
    check = _check(client, mei, name=name)
    change = press(client, check.form("/check"), "Change the full name")
    done = press(client, check.form("/book"))
    for page in (check, done):
        assert name in page.said
        assert SCRIPT not in page.html
    assert change.form("/check").fields["name"] == name
    with database.read() as session:
        assert session.scalars(select(Patient.name)).one() == name


def test_a_visit_is_as_long_as_its_kind(admin: TestClient, mei: str) -> None:
    """The kind of visit is carried through every step."""
    for name in ("First visit", "Check-up"):
        body = {"name": name, "duration_minutes": 60, "public": True}
        assert admin.post("/v1/visit-types", json=body).status_code == 201
    page = open_page(admin, f"/doctors/{mei}", date=str(DAY))
    page = open_page(admin, page.links["First visit"])
    details = press(admin, page.form("/hold"), "10:00")
    assert "10:00 to 11:00" in details.text
    check = press(admin, details.form("/check"), **ASHA)
    done = press(admin, check.form("/book"))
    assert "First visit" in done.text
    assert "10:00 to 11:00" in done.text


def test_nothing_personal_is_kept_or_sent_on(client: TestClient, mei: str) -> None:
    """No answer of the way may be stored, sets a cookie, or has a name or a token in an address."""
    form = _check(client, mei).form("/book")
    answer = client.post(form.action, data=form.fields)
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    for link in Page(answer).links.values():
        assert "mng_" not in link.partition("#")[0]


@pytest.mark.parametrize("step", ["hold", "check", "book", "release"])
def test_a_step_without_its_form_leads_to_the_begin(
    client: TestClient, mei: str, step: str
) -> None:
    """Who loads the address of a step again, which has no form, begins anew."""
    answer = client.get(f"/doctors/{mei}/{step}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/doctors/{mei}")
    assert client.get(f"/doctors/{mei}/nothing").status_code == 404


@pytest.mark.parametrize("step", ["hold", "check", "book", "release"])
@pytest.mark.parametrize(
    "fields", [{}, {"start": "x", "key": "k"}, {"start": TEN}, {"start": TEN, "key": "ü" * 9}]
)
def test_a_form_that_is_not_ours_is_a_page(
    client: TestClient, mei: str, step: str, fields: dict[str, str]
) -> None:
    """A form without what ours carry is refused in words."""
    answer = client.post(f"/doctors/{mei}/{step}", data={**ASHA, **fields})
    assert answer.status_code == 422
    assert "text/html" in answer.headers["content-type"]


def test_nobody_books_the_past_on_a_page(client: TestClient, mei: str) -> None:
    """Even where the clinic books the past, an old page that is still open does not."""
    page = open_page(client, f"/doctors/{mei}", date=str(DAY))
    form = page.form("/hold")
    form.fields["start"] = "2026-01-05T10:00:00+05:30"
    answer = client.post(form.action, data=form.fields)
    assert answer.status_code == 409
    assert "This time has passed" in answer.text


def test_the_api_is_as_it_was(client: TestClient, mei: str) -> None:
    """What was booked on a page is taken for everybody."""
    press(client, _check(client, mei).form("/book"))
    assert TEN not in free(client, mei)
    assert reserve(client, mei, TEN).status_code == 409


def test_nothing_changes_where_nothing_is_sent(
    client: TestClient, database: Database, mei: str
) -> None:
    """Looking at pages writes nothing."""
    before = contents(database)
    for path in ("/", f"/doctors/{mei}", f"/doctors/{mei}/hold"):
        assert open_page(client, path).status == 200
    assert contents(database) == before

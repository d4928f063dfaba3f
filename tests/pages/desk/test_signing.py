"""The staff signs in by a key, and out; whose session has ended is led back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from calendula import clock
from calendula.access import sessions
from calendula.access.models import DeskSession
from calendula.access.roles import ADMIN, AUDITOR, INTEGRATION, RECEPTION, Role
from calendula.database import Database
from support.access import make_key
from support.clinic import last_event
from support.desk import DeskClient, words


def _sessions(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(DeskSession)).one()


def _end(database: Database) -> None:
    with database.write() as session:
        long_ago = clock.now() - timedelta(days=1)
        session.execute(update(DeskSession).values(last_seen_at=long_ago))


def test_a_key_opens_the_desk(door: DeskClient, database: Database) -> None:
    """Who gives a good key gets a session, and the day."""
    key = make_key(database, ADMIN)
    answer = door.post("/desk/sign-in", data={"key": f" {key.text} "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert _sessions(database) == 1


def test_whoever_signs_in_is_led_to_where_they_came_from(
    door: DeskClient, database: Database
) -> None:
    """A page of the desk that needed a session comes behind the sign-in."""
    key = make_key(database, ADMIN)
    fields = {"key": key.text, "back": "/desk?date=2035-10-01"}
    assert door.post("/desk/sign-in", data=fields).headers["location"] == "/desk?date=2035-10-01"


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example",
        "//evil.example",
        "/",
        "/desktop",
        "/desk/\\evil",
        "/desk?a\nb",
        "desk",
    ],
)
def test_nobody_is_led_elsewhere(door: DeskClient, database: Database, back: str) -> None:
    """Whatever an address says, sign-in leads to the desk alone."""
    fields = {"key": make_key(database, ADMIN).text, "back": back}
    assert door.post("/desk/sign-in", data=fields).headers["location"] == "/desk"
    assert f'value="{back}"' not in door.get("/desk/sign-in", params={"back": back}).text


@pytest.mark.parametrize("key", ["cal_aaaaaaaa_" + "a" * 43, "not a key"])
def test_a_wrong_key_is_told_at_its_field(door: DeskClient, database: Database, key: str) -> None:
    """No session is made, what was typed is not repeated, and the page says what is wrong."""
    answer = door.post("/desk/sign-in", data={"key": key})
    assert answer.status_code == 401
    assert words(answer).count("This key is not valid.") == 2
    assert 'aria-invalid="true"' in answer.text
    assert "<title>Error: " in answer.text
    assert key not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert _sessions(database) == 0


def test_a_key_is_needed(door: DeskClient) -> None:
    """An empty field is told."""
    answer = door.post("/desk/sign-in", data={"key": ""})
    assert answer.status_code == 422
    assert "Enter your key." in answer.text


@pytest.mark.parametrize("role", [AUDITOR, INTEGRATION])
def test_a_key_of_nobody_of_the_staff_opens_nothing(
    door: DeskClient, database: Database, role: Role
) -> None:
    """It is told that it does not open the desk, and that it was tried is in the log."""
    made = make_key(database, role)
    answer = door.post("/desk/sign-in", data={"key": made.text})
    assert answer.status_code == 403
    assert "This key does not open the desk" in answer.text
    event = last_event(database, "access.denied")
    assert (event.actor, event.data) == (f"key:{made.key.id}", {"operation": "sign_in"})


def test_who_signs_out_is_out(desk: DeskClient, database: Database) -> None:
    """The session ends in the database and in the browser."""
    answer = desk.submit("/desk/sign-out")
    assert answer.status_code == 303
    assert "You are signed out." in desk.get(answer.headers["location"]).text
    assert sessions.COOKIE not in desk.cookies
    assert _sessions(database) == 0


def test_a_form_of_another_page_is_refused(desk: DeskClient, database: Database) -> None:
    """What has no token of the session, or another's, changes nothing."""
    for data in {}, {"csrf": "0" * 64}:
        answer = desk.post("/desk/sign-out", data=data)
        assert answer.status_code == 403
        assert "<h1>" in answer.text
    assert _sessions(database) == 1


def test_an_ended_session_leads_to_sign_in_and_back(desk: DeskClient, database: Database) -> None:
    """It is told that it ended, and the page that was wanted comes after."""
    _end(database)
    answer = desk.get("/desk?date=2035-10-01")
    assert answer.status_code == 303
    there = answer.headers["location"]
    assert there == "/desk/sign-in?ended=1&back=%2Fdesk%3Fdate%3D2035-10-01"
    page = desk.get(there)
    assert "Your session has ended." in page.text
    assert 'name="back" value="/desk?date=2035-10-01"' in page.text


def test_signing_in_again_ends_the_session_before(desk: DeskClient, database: Database) -> None:
    """Of a browser in which somebody else signs in, the cookie that it had opens nothing more."""
    before = desk.cookies.get(sessions.COOKIE)
    desk.sign_in(database, ADMIN)
    assert _sessions(database) == 1
    assert before
    desk.cookies.clear()
    assert desk.get("/desk", headers={"Cookie": f"{sessions.COOKIE}={before}"}).status_code == 303


def test_a_long_address_leads_to_sign_in_too(door: DeskClient) -> None:
    """However long the address is of what was wanted, as one in Hindi is, the form comes."""
    there = door.get("/desk", params={"specialty": "ह" * 200}).headers["location"]
    assert door.get(there).status_code == 200


def test_who_was_never_signed_in_is_told_of_no_end(door: DeskClient) -> None:
    """Without a cookie, there was no session to end."""
    assert door.get("/desk").headers["location"] == "/desk/sign-in?back=%2Fdesk"
    assert door.post("/desk/sign-out").headers["location"] == "/desk/sign-in"


def test_a_part_that_is_fetched_leads_the_whole_page_away(
    desk: DeskClient, database: Database
) -> None:
    """The board, which a page fetches by itself, has that page led to sign in and back to it."""
    _end(database)
    answer = desk.get("/desk/board?date=2035-10-01", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.text) == (200, "")
    wanted = "/desk/sign-in?ended=1&back=%2Fdesk%3Fdate%3D2035-10-01"
    assert answer.headers["hx-redirect"] == wanted


def test_one_who_is_not_the_clinics_learns_no_role(door: DeskClient, database: Database) -> None:
    """The page to sign in looks the same for everybody, and nobody may keep it."""
    before = door.get("/desk/sign-in")
    door.sign_in(database, RECEPTION)
    assert words(door.get("/desk/sign-in")) == words(before)
    assert before.headers["cache-control"] == "no-store"

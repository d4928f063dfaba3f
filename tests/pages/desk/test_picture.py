from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from calendula.access.roles import ADMIN, DOCTOR
from calendula.database import Database
from calendula.pages.desk.picture import step, week_around
from calendula.pages.desk.week import Fullness
from support.clinic import DAY, MEI, TWO, book, every_day, window
from support.desk import DeskClient, words

LATE = datetime.max.replace(tzinfo=UTC).date()


def test_the_week_is_drawn_with_its_numbers(desk: DeskClient, client: TestClient) -> None:
    """Each doctor has a picture, and a table that says how many minutes of each hour are booked."""
    book(client)
    page = desk.get("/desk/week", params={"date": DAY.isoformat()})
    assert page.status_code == 200
    text = words(page)
    assert f"How full the week of {MEI} is" in text
    assert f"{MEI}: how much of each hour is booked" in text
    assert page.text.count("30 of 60") == 1
    assert text.count("50% 30 of 60") == 1
    assert page.headers["cache-control"] == "no-store"


def test_a_doctor_sees_their_own_week_alone(door: DeskClient, database: Database) -> None:
    """Who is signed in as a doctor sees nobody else's week."""
    door.sign_in(database, DOCTOR)
    text = words(door.get("/desk/week"))
    assert MEI in text
    assert "Rajesh" not in text


def test_what_is_cancelled_fills_nothing(
    door: DeskClient, client: TestClient, admin: TestClient, database: Database
) -> None:
    """A cancelled appointment leaves the hour as empty as before."""
    assert admin.post(f"/v1/appointments/{book(client, TWO)}/cancel", json={}).status_code == 200
    door.sign_in(database, ADMIN)
    page = door.get("/desk/week", params={"date": DAY.isoformat()})
    assert "30 of 60" not in page.text


def test_a_doctor_without_hours_has_no_picture(
    desk: DeskClient, admin: TestClient, mei: str
) -> None:
    """A week without hours is said in words, not drawn as an empty one."""
    answer = admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []})
    assert answer.status_code == 200
    text = words(desk.get("/desk/week", params={"date": DAY.isoformat()}))
    assert f"{MEI} No hours in this week." in text


def test_a_night_is_drawn_on_both_dates(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """Hours past midnight make the picture reach from midnight to midnight."""
    answer = admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("22:00", "02:00")))
    assert answer.status_code == 200
    text = words(desk.get("/desk/week", params={"date": DAY.isoformat()}))
    assert "12 AM 0% 0 of 60" in text
    assert "11 PM 0% 0 of 60" in text


@pytest.mark.parametrize("day", [date.min, LATE])
def test_the_calendar_has_ends(desk: DeskClient, day: date) -> None:
    """The first and the last week of the calendar are shown, and lead no farther."""
    page = desk.get("/desk/week", params={"date": day.isoformat()})
    assert page.status_code == 200
    assert page.text.count('href="/desk/week?date=') == 1


def test_a_date_that_is_none(desk: DeskClient) -> None:
    """What is no date is refused with a page that says so."""
    assert desk.get("/desk/week", params={"date": "soon"}).status_code == 422


def test_a_name_cannot_break_the_picture(desk: DeskClient, admin: TestClient) -> None:
    """A name is shown as it is written, in the picture too."""
    name = "Dr. <b>A&amp;B</b>"
    assert admin.post("/v1/doctors", json={"name": name}).status_code == 201
    page = desk.get("/desk/week")
    assert "<b>" not in page.text
    assert "&lt;b&gt;A&amp;amp;B&lt;/b&gt;" in page.text


def test_more_doctors_need_no_more_queries(
    desk: DeskClient, admin: TestClient, database: Database
) -> None:
    """However many doctors are shown, the database is asked as often."""

    def asked() -> int:
        statements: list[str] = []
        engine = desk.app.state.database.reader  # type: ignore[attr-defined]

        def note(_c: object, _u: object, statement: str, *_others: object) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        assert desk.get("/desk/week").status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(statements)

    few = asked()
    for number in range(4):
        assert admin.post("/v1/doctors", json={"name": f"Dr. No. {number}"}).status_code == 201
    assert asked() == few


def test_weeks_begin_as_readers_are_used_to(desk: DeskClient) -> None:
    """The week begins on Monday in German, and on Saturday in Egypt."""
    assert week_around(date(2027, 2, 26), 0)[0] == date(2027, 2, 22)
    assert week_around(date(2027, 2, 26), 5)[0] == date(2027, 2, 20)
    page = desk.get("/desk/week?date=2027-02-26", headers={"Accept-Language": "de"})
    assert 'value="2027-02-22"' in page.text
    assert page.status_code == 200


@pytest.mark.parametrize(("booked", "expected"), [(0, 0), (19, 0), (20, 1), (99, 4), (100, 4)])
def test_colours(booked: int, expected: int) -> None:
    """Five colours, each for a fifth, and the last one for what is full too."""
    assert step(Fullness(booked, 100)) == expected

"""The day at the desk: a column for each doctor, with all that there is at its time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update

from calendula import clock
from calendula.access.models import DeskSession
from calendula.access.roles import ADMIN, DOCTOR
from calendula.database import Database
from calendula.events.models import Event
from support import clinic
from support.access import key
from support.booking import Booked, free, hold
from support.clinic import DAY, MEI
from support.desk import DeskClient, words

KOLKATA = ZoneInfo("Asia/Kolkata")


def _day(desk: DeskClient, **query: str | int) -> Any:
    answer = desk.get("/desk", params={"date": DAY.isoformat(), **query})
    assert answer.status_code == 200, answer.text
    return answer


def _column(page: Any, name: str = MEI) -> str:
    """Return what is read in a doctor's column."""
    sections = re.findall(r"<section.*?</section>", page.text, re.DOTALL)
    (found,) = [it for it in sections if name in it]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def _readings(database: Database) -> int:
    query = select(func.count()).where(Event.action == "patient.read")
    with database.read() as session:
        return session.scalars(query).one()


def test_each_doctor_has_a_column(desk: DeskClient) -> None:
    """The reception sees everybody who works on the day, with what is free."""
    page = _day(desk)
    assert page.text.count("<section") == 4
    assert "Cardiology 9:00 AM free 9:30 AM free" in _column(page)
    assert page.headers["cache-control"] == "no-store"


def test_an_appointment_is_in_its_column(desk: DeskClient, booked: Booked) -> None:
    """With the patient and its state; its time is not free any more."""
    column = _column(_day(desk))
    assert "9:00 AM Asha Verma Booked" in column
    assert "9:00 AM free" not in column
    assert "Asha Verma" not in _column(_day(desk), "Dr. Rajesh Kumar")


def test_a_block_stands_at_its_time(desk: DeskClient, client: TestClient, mei: str) -> None:
    """The picture begins at nine: a half hour at ten begins in its 13th row and takes six."""
    Booked(client, mei, free(client, mei)[2])
    assert re.search(r'class="item booked booked at-13 for-6"', _day(desk).text)


def test_a_hold_shows_that_somebody_books(desk: DeskClient, client: TestClient, mei: str) -> None:
    """Its time is neither free nor anybody's yet."""
    hold(client, mei, free(client, mei)[0])
    assert "9:00 AM being booked" in _column(_day(desk))


def test_what_is_cancelled_is_out_of_the_way(desk: DeskClient, booked: Booked) -> None:
    """It is listed apart, and its time is free again."""
    booked.do("cancel")
    column = _column(_day(desk))
    assert "1 cancelled" in column
    assert "Asha Verma Cancelled" in column
    assert "9:00 AM free" in column


def test_time_off_is_told(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """A doctor's absence is in their column, with its reason."""
    off = {"start": f"{DAY}T09:00:00+05:30", "end": f"{DAY}T10:00:00+05:30", "reason": "Court"}
    assert admin.post(f"/v1/doctors/{mei}/time-off", json=off).status_code == 201
    column = _column(_day(desk))
    assert "Off from 9:00 AM to 10:00 AM: Court" in column
    assert "9:30 AM free" not in column


def test_a_day_without_anybody_says_so(desk: DeskClient, admin: TestClient) -> None:
    """Where nobody works there is no empty picture but a sentence."""
    for doctor in admin.get("/v1/doctors").json()["items"]:
        path = f"/v1/doctors/{doctor['id']}/overrides/{DAY}"
        assert admin.put(path, json={"windows": []}).status_code in {200, 201}
    page = _day(desk)
    assert "Nobody sees patients on this day." in page.text
    assert "<section" not in page.text


def test_one_doctor_can_be_chosen(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """Their column is there even where they do not work, and says why it is empty."""
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": []})
    page = _day(desk, doctor=mei)
    assert page.text.count("<section") == 1
    assert "Does not work on this day." in _column(page)


def test_a_specialty_can_be_chosen(desk: DeskClient) -> None:
    """Only its doctors have columns."""
    page = _day(desk, specialty="Dermatology")
    assert page.text.count("<section") == 1
    assert "Dr. Lena Hoffmann" in _column(page, "Dr. Lena Hoffmann")


def test_many_doctors_come_in_parts(desk: DeskClient, admin: TestClient) -> None:
    """Eight columns at once; the others are a link away."""
    for letter in "ABCDEFGHIJ":
        body = {"name": f"Dr. Zeno {letter}{letter}rt", "specialty": "Surgery"}
        assert admin.post("/v1/doctors", json=body).status_code == 201
    page = _day(desk)
    assert page.text.count("<section") == 8
    assert f"/desk?date={DAY}&amp;page=1" in page.text
    assert _day(desk, page=1).text.count("<section") == 6


def test_a_doctor_sees_their_own_day(
    door: DeskClient, database: Database, booked: Booked, client: TestClient
) -> None:
    """Nobody else's column, whichever they ask for, and no choice of one."""
    door.sign_in(database, DOCTOR)
    rajesh = clinic.find(client, "Dr. Rajesh Kumar")
    for query in {}, {"doctor": rajesh}:
        page = _day(door, **query)
        assert page.text.count("<section") == 1
        assert "Asha Verma" in _column(page)
        assert "Rajesh" not in page.text


def test_what_people_wrote_is_text(desk: DeskClient, client: TestClient, mei: str) -> None:
    """A name is shown as what it is, apart from the text around it."""
    who = {"name": "<script>alert(1)</script>", "email": "x@example.org"}
    Booked(client, mei, free(client, mei)[0], patient=who)
    page = _day(desk).text
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page
    assert "<script>alert" not in page


def test_the_present_is_marked_today_alone(desk: DeskClient) -> None:
    """In the doctor's zone; no other date has a present."""
    assert "Now" not in _column(_day(desk))
    today = datetime.now(UTC).astimezone(KOLKATA)
    page = _day(desk, date=today.date().isoformat())
    within = 9 <= today.hour < 15
    assert ("item now" in page.text) == within


@pytest.mark.parametrize("date", ["", "soon", "2035-13-01"])
def test_a_date_that_is_none_is_today(desk: DeskClient, date: str) -> None:
    """A field left empty does not make an error."""
    today = datetime.now(UTC).astimezone(KOLKATA).date()
    assert f'type="date" value="{today}"' in _day(desk, date=date).text


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
def test_the_calendar_has_ends(desk: DeskClient, date: str) -> None:
    """The first and the last date of all can be looked at too."""
    _day(desk, date=date)


def test_the_part_that_renews_itself_is_the_same(desk: DeskClient, booked: Booked) -> None:
    """It is the board as the page has it, and no page around it."""
    page = _day(desk).text
    part = desk.get("/desk/board", params={"date": DAY.isoformat()}).text
    assert f'data-fresh="/desk/board?date={DAY}"' in page
    assert part.strip() in page
    assert "<html" not in part


def test_looking_on_is_one_reading(desk: DeskClient, database: Database, booked: Booked) -> None:
    """Whose name is shown is written down once, however often the board renews itself."""
    assert _readings(database) == 0
    for _ in range(2):
        _day(desk)
        desk.get("/desk/board", params={"date": DAY.isoformat()})
    assert _readings(database) == 1
    event = clinic.last_event(database, "patient.read")
    assert str(event.appointment_id) == booked.id


def test_each_reader_is_written_down(
    desk: DeskClient, database: Database, client: TestClient, booked: Booked
) -> None:
    """That somebody else has read, at the desk or by the API, does not count for one."""
    booked.read(key(database, ADMIN))
    _day(desk)
    desk.cookies.clear()
    desk.sign_in(database, ADMIN)
    _day(desk)
    assert _readings(database) == 3


def test_a_board_that_is_left_alone_ends_its_session(desk: DeskClient, database: Database) -> None:
    """The page that renews itself is no activity; whoever opens the day is there."""
    long_ago = clock.now() - timedelta(minutes=20)
    with database.write() as session:
        session.execute(update(DeskSession).values(last_seen_at=long_ago))
    desk.get("/desk/board")
    with database.read() as session:
        assert session.scalars(select(DeskSession.last_seen_at)).one() == long_ago
    _day(desk)
    with database.read() as session:
        assert session.scalars(select(DeskSession.last_seen_at)).one() > long_ago


def test_the_next_thing_to_do_is_at_hand_when_it_may_happen(
    desk: DeskClient, booked: Booked, client: TestClient
) -> None:
    """Nobody arrives for an appointment of another week; today's has its button."""
    assert "Has arrived" not in _day(desk).text
    yesterday = datetime.now(UTC).astimezone(KOLKATA).date() - timedelta(days=1)
    clinic.book(client, day=yesterday)
    assert "Has arrived" in _day(desk, date=yesterday.isoformat()).text


def test_other_zones_are_named(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """Where not all doctors have the same clock, each column says which."""
    assert "India Time" not in words(_day(desk))
    assert admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Europe/Berlin"}).status_code == 200
    page = _day(desk)
    assert "Central European" in _column(page)
    assert "India Time" in _column(page, "Dr. Rajesh Kumar")

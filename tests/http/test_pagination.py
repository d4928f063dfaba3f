import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from calendula.access.models import ApiKey
from calendula.database import Database
from calendula.errors import Invalid
from calendula.events.models import Event
from calendula.http.pagination import page
from calendula.patients.models import Patient

NOON = datetime(2025, 2, 7, 12, tzinfo=UTC)
NAMES = ["Åsa", "Bo", "bo", "bo\u200dx", "张伟", "🙂", "'", "\\", "x" * 199]
COLUMNS = (Patient.created_at, Patient.name, Patient.id)


@pytest.fixture
def patients(database: Database) -> Database:
    """A clinic with patients of whom several came at one instant, and two have one name."""
    rows = [
        {
            "id": uuid4(),
            "identifier": f"{name}{hour}",
            "name": name,
            "created_at": NOON + timedelta(hours=hour, microseconds=1),
        }
        for hour in (2, 1)
        for name in (*NAMES, "Bo2")
    ]
    with database.write() as session:
        session.execute(insert(Patient), rows)
    return database


@pytest.mark.parametrize("limit", [1, 3, 19, 20, 21])
def test_pages_are_the_list(patients: Database, limit: int) -> None:
    """Pages of any size make up the whole list, in order, and only the last has no cursor."""
    with patients.read() as session:
        everyone = list(session.scalars(select(Patient).order_by(*COLUMNS)))
        rows, cursor = page(session, select(Patient), COLUMNS, None, limit)
        seen = list(rows)
        while cursor is not None:
            assert len(rows) == limit
            rows, cursor = page(session, select(Patient), COLUMNS, cursor, limit)
            seen += rows
    assert len(everyone) == 20
    assert seen == everyone


def test_a_page_keeps_the_condition(patients: Database) -> None:
    """What the query leaves out is on no page."""
    early = select(Patient).where(Patient.created_at < NOON + timedelta(hours=2))
    with patients.read() as session:
        rows, cursor = page(session, early, COLUMNS, None, 9)
        rest, end = page(session, early, COLUMNS, cursor, 9)
    assert (len(rows), len(rest), end) == (9, 1, None)


def test_a_list_may_go_by_number(database: Database) -> None:
    """A number is a column to sort by too."""
    with database.read() as session:
        first, cursor = page(session, select(Event), [Event.number], None, 2)
        others, end = page(session, select(Event), [Event.number], cursor, 200)
    assert [event.number for event in (*first, *others)] == [1, 2, 3, 4, 5]
    assert end is None


def test_a_row_that_comes_in_between_moves_nothing(patients: Database) -> None:
    """Who is new before the cursor neither repeats nor hides anybody."""
    with patients.write() as session:
        rows, cursor = page(session, select(Patient), COLUMNS, None, 10)
        new = {"id": uuid4(), "identifier": "new", "name": "New", "created_at": NOON}
        session.execute(insert(Patient).values(**new))
        rest, _ = page(session, select(Patient), COLUMNS, cursor, 200)
    assert len({patient.id for patient in (*rows, *rest)}) == 20


def _cursor(*values: Any) -> str:
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


SOME_ID = str(UUID(int=1))
INSTANT = "2025-02-07T12:00:00+00:00"


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "é", "!!!!", "%00", "W10", "bnVsbA", "AAAA", "[" * 5000),
        urlsafe_b64encode(b"[" * 3000).decode(),
        urlsafe_b64encode(b'["\xff"]').decode(),
        _cursor(INSTANT, "x"),
        _cursor(INSTANT, "x", SOME_ID, SOME_ID),
        _cursor(INSTANT, "x", 7),
        _cursor(INSTANT, "x", SOME_ID) + "=",
        _cursor(INSTANT, "x", SOME_ID) + "!",
        _cursor(INSTANT, "x", str(SOME_ID).upper()),
        _cursor(INSTANT, None, SOME_ID),
        _cursor(INSTANT, ["x"], SOME_ID),
        _cursor(INSTANT, "x", "no id"),
        _cursor(INSTANT, "\0", SOME_ID),
        _cursor(INSTANT, "\ud800", SOME_ID),
        _cursor("yesterday", "x", SOME_ID),
        _cursor("2025-02-07T12:00:00", "x", SOME_ID),
        _cursor("9999-12-31T23:59:59-01:00", "x", SOME_ID),
        _cursor("0001-01-01T00:00:00+01:00", "x", SOME_ID),
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(database: Database, cursor: str) -> None:
    """Whatever is no cursor of the list is invalid, and does not reach the database."""
    with database.read() as session, pytest.raises(Invalid, match="cursor is not one"):
        page(session, select(Patient), COLUMNS, cursor, 50)


@pytest.mark.parametrize("number", ["x", "1.5", "9223372036854775808", "-9" * 100, "9" * 1500, ""])
def test_a_number_that_somebody_made_up_is_refused(database: Database, number: str) -> None:
    """A number that no column can hold is no cursor."""
    with database.read() as session, pytest.raises(Invalid):
        page(session, select(Event), [Event.number], _cursor(number), 50)


def test_a_cursor_of_another_list_does_no_harm(database: Database) -> None:
    """A cursor says where to go on and nothing more: it opens nothing that the query closes."""
    nobody = select(ApiKey).where(ApiKey.role == "nobody")
    with database.read() as session:
        assert page(session, nobody, [ApiKey.id], _cursor(SOME_ID), 50) == ([], None)

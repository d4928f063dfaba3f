"""How SQLite finds rows: by the words of a query alone, since it counts nothing beforehand.

PostgreSQL's plans hang on what is in the tables: `make bench-stored` measures both.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event

from calendula import clock
from calendula.access.roles import ADMIN, DOCTOR, Role
from calendula.appointments import orphans
from calendula.database import Database
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.settings import Settings
from calendula.timetables.slots import Span
from support.access import bearer, make_key
from support.booking import expire, free, hold, reserve
from support.clinic import DAY, furnish
from support.everything import ask

_OF_THE_FEW = r"USING INDEX appointment_(doctor_)?orphaned_index"
_ALL_OF_A_TABLE = re.compile(rf"SCAN (appointment|event|patient)\b(?! {_OF_THE_FEW})")
_ALL_OF_A_DOCTOR = re.compile(
    rf"SEARCH appointment (?!{_OF_THE_FEW}).*\(doctor_id=\?( AND \w+<\?)?\)"
)
_A_WHOLE_LIST = re.compile(
    r"WHERE appointment\.patient_id IS NOT NULL"
    r"( AND appointment\.date <= \? AND appointment\.starts_at < \?)?"
    r"( AND appointment\.doctor_id = \?)? +ORDER BY appointment\.starts_at, appointment\.id +LIMIT"
)
_FROM_APPOINTMENTS = re.compile(r"\b(FROM|JOIN) appointment\b")
_IN_THE_INDEX = re.compile(
    r"SEARCH appointment USING COVERING INDEX appointment_held_index"
    r" \(doctor_id=\? AND occupied_from>\? AND occupied_from<\?\)"
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("role", [ADMIN, DOCTOR])
def test_nothing_reads_all_that_there_is(
    settings: Settings, database: Database, role: Role
) -> None:
    """No operation reads a whole table, nor all that a doctor ever had: clinics grow."""
    with _watched() as plans:
        operations = [asked.operation for asked in ask(settings, database, role=role)]
    assert len(operations) > 100
    assert _large(plans) == set()


@pytest.mark.parametrize("role", [ADMIN, DOCTOR])
@pytest.mark.parametrize(
    ("name", "value"), [("from", DAY), ("to", DAY), ("orphaned", "true"), ("patient", None)]
)
def test_no_list_is_read_beyond_what_it_shows(
    client: TestClient, database: Database, role: Role, name: str, value: object
) -> None:
    """What is asked for of a list is found; nobody looks through all that there is for it."""
    patient = furnish(client, bearer(make_key(database, ADMIN).text))["patient_id"]
    key = bearer(make_key(database, role).text)
    with _watched() as plans:
        path = f"/v1/appointments?{name}={value or patient}"
        assert client.get(path, headers=key).is_success
    assert any("FROM appointment" in statement for statement in plans)
    assert _large(plans) == set()


@pytest.mark.parametrize("days", [None, 1])
def test_an_edit_of_many_doctors_looks_ahead(database: Database, days: int | None) -> None:
    """With hundreds of doctors SQLite finds other indexes better than with a few."""
    many = [Doctor(id=new_id(), time_zone="UTC") for _ in range(500)]
    now = clock.now()
    within = None if days is None else Span(now, now + timedelta(days=days))
    with _watched() as plans, database.write() as session:
        orphans.mark(session, many, actor="system", within=within)
    assert any("FROM appointment" in statement for statement in plans)
    assert _large(plans) == set()


def test_what_stands_against_a_slot_has_an_index(
    client: TestClient, database: Database, mei: str
) -> None:
    """A hold that has expired is ended by who books, and who is too late is told so."""
    start = free(client, mei)[0]
    assert hold(client, mei, start).status_code == 201
    expire(database)
    with _watched() as plans:
        assert [reserve(client, mei, start).status_code for _ in range(2)] == [201, 409]
    assert _large(plans) == set()


def test_a_lookup_reads_no_appointment(client: TestClient) -> None:
    """An index has what it asks for: each row of the table would be in a page of its own."""
    asked = {"doctor_name": "Dr. Mei Chen", "date": clock.now().date().isoformat()}
    with _watched() as plans:
        assert client.get("/available_slots", params=asked).is_success
    steps = [step for steps in plans.values() for step in steps if "SEARCH appointment" in step]
    assert len(steps) == 1
    assert _IN_THE_INDEX.match(steps[0])


def _large(plans: Mapping[str, Sequence[str]]) -> set[tuple[str, str]]:
    """Return the statements that read more the more there is, with the steps that do."""
    return {
        (statement, step)
        for statement, steps in plans.items()
        for step in steps
        if not _A_WHOLE_LIST.search(" ".join(statement.split()))  # read in order, up to its end
        and (
            _ALL_OF_A_TABLE.search(step)
            or (_ALL_OF_A_DOCTOR.search(step) and _FROM_APPOINTMENTS.search(statement))
        )
    }


@contextmanager
def _watched() -> Iterator[dict[str, list[str]]]:
    """Give the steps of each statement that SQLite does meanwhile."""
    plans: dict[str, list[str]] = {}

    def explain(
        connection: Connection,
        _cursor: object,
        statement: str,
        given: Any,
        _: object,
        many: bool,
    ) -> None:
        if statement not in plans and re.match("SELECT|INSERT|UPDATE|DELETE|WITH", statement):
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", given[0] if many else given)
            plans[statement] = [str(row[-1]) for row in cursor.fetchall()]

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", explain)

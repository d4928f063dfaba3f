"""PostgreSQL plans a statement once for many, and again when its tables may have grown."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select, text

from calendula.database import Database, postgresql_connection
from calendula.database.ids import new_id
from calendula.errors import Unavailable
from calendula.patients.models import Patient
from calendula.settings import Settings

_NAME = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%search_key%'"
_ROW = {"identifier": "1", "name": "Asha", "search_key": "asha", "email": "a@example.com"}
_MANY = text(
    "INSERT INTO patient (id, identifier, name, search_key, email, created_at)"
    " SELECT gen_random_uuid(), n, n, n, n, now() FROM generate_series(1, 20000) AS n"
)


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Database]:
    """A database with one connection, which shows what it has prepared."""
    found = Database.from_settings(Settings(database_url=postgresql_url, pool_size=1))
    yield found
    found.close()


def _ask(database: Database) -> None:
    wanted = select(Patient.search_key).where(Patient.email == "a@example.com")
    with database.read() as session:
        assert session.scalars(wanted).all() == ["asha"]


def _plan(database: Database) -> str:
    with database.read() as session:
        name = session.scalars(text(_NAME)).one()
        explained = session.execute(text(f"EXPLAIN EXECUTE \"{name}\" ('a@example.com')"))
        return "\n".join(line for (line,) in explained)


def _length(database: Database) -> int:
    with database.read() as session:
        length: int = session.execute(text("SELECT length FROM counted")).scalar_one()
        return length


def test_a_plan_does_not_outlive_what_it_was_made_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read whole while there was one row is found by an index where there are many."""
    with database.write() as session:
        session.execute(text("ALTER TABLE patient SET (autovacuum_enabled = false)"))
        session.execute(insert(Patient).values(**_ROW, id=new_id(), created_at=text("now()")))
        session.execute(text("ANALYZE patient"))
    for _ in range(12):  # the driver prepares it after five, PostgreSQL keeps a plan after five
        _ask(database)
    assert "Seq Scan" in _plan(database)
    with database.write() as session:
        session.execute(_MANY)
    assert "Seq Scan" in _plan(database)
    monkeypatch.setattr(postgresql_connection, "_PLANS_LAST", 0.0)
    _ask(database)
    assert "patient_email_index" in _plan(database)


def test_a_migration_breaks_nobody_for_long(database: Database, postgresql_url: str) -> None:
    """Who has prepared what is of another type now is told to try again, and then it works."""
    with database.write() as session:
        session.execute(text("CREATE TABLE counted AS SELECT 254 AS length"))
    for _ in range(12):
        assert _length(database) == 254
    other = create_engine(postgresql_url)
    with other.begin() as connection:
        connection.execute(text("ALTER TABLE counted ALTER length TYPE bigint"))
    other.dispose()
    with pytest.raises(Unavailable):
        _length(database)
    assert _length(database) == 254


def test_a_moment_ago_is_soon_enough(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes a connection from the pool does not wait for a round trip each time."""
    asked: list[str] = []
    execute = postgresql_connection.Connection.execute

    def listen(connection: postgresql_connection.Connection, query: str, **how: Any) -> object:
        asked.append(query)
        return execute(connection, query, **how)

    monkeypatch.setattr(postgresql_connection.Connection, "execute", listen)
    for _ in range(4):
        with database.read() as session:
            session.scalar(select(1))
    assert asked == ["DISCARD PLANS"]

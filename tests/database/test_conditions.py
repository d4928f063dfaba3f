"""What a database says of itself is read rightly."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from calendula import clock
from calendula.database import Database, conditions, rules, schema


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 50, 6), (3, 51, 2)])
def test_versions_with_the_fault_are_known(version: tuple[int, int, int]) -> None:
    """Every version from the first with a write-ahead log on has the fault, until it was mended."""
    assert conditions.has_wal_fault(version)


@pytest.mark.parametrize(
    "version", [(3, 6, 23), (3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 52, 0), (3, 53, 1), (4, 0, 0)]
)
def test_versions_without_the_fault_are_known(version: tuple[int, int, int]) -> None:
    """Whoever has mended SQLite hears no warning."""
    assert not conditions.has_wal_fault(version)


def test_every_rule_is_known(database: Database) -> None:
    """What the migrations make beside tables, columns, keys and indexes is what is looked for."""
    with database.read() as session:
        assert rules.present(session) == rules.wanted(session)
        assert rules.missing(session) == []
    assert schema.differences(database) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_careless_connection_is_seen(database_url: str) -> None:
    """A SQLite that does not wait for the disk, or keeps no log, is told of."""
    database = Database(*[create_engine(make_url(database_url))] * 2, embedded=True)
    with database.read() as session:
        session.execute(text("PRAGMA journal_mode = DELETE"))
        session.execute(text("PRAGMA synchronous = NORMAL"))
        found = conditions.risks(session)
    database.close()
    assert found == ["journal_mode is delete, not wal", "synchronous is 1, not FULL"]


def test_the_clock_of_the_server_is_read(database: Database) -> None:
    """PostgreSQL's clock, on this machine, is this machine's; SQLite has none of its own."""
    with database.read() as session:
        there = conditions.time_there(session)
    assert there is None if database.embedded else there is not None
    assert there is None or abs(there - clock.now()) < timedelta(minutes=1)

"""The bytes of what was deleted leave a SQLite file, and nothing waits for that in PostgreSQL."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, make_url, text
from sqlalchemy.orm import Session

from calendula import clock, logs
from calendula.database import Database
from calendula.database.ids import new_id
from calendula.patients.models import Patient
from calendula.settings import Settings

NAME = "Qwertzuiop"


@pytest.fixture(autouse=True)
def lines() -> None:
    """Let lines of the log be written as those of the service are."""
    logs.configure("text")


def _write_and_delete(database: Database) -> None:
    row = {"id": new_id(), "identifier": "1", "name": NAME, "created_at": clock.now()}
    with database.write() as session:
        session.execute(insert(Patient).values(row))
    with database.write() as session:
        session.execute(delete(Patient))


def _bytes(url: str) -> tuple[bytes, bytes]:
    """Return what the file holds, and what its log does."""
    path = Path(str(make_url(url).database))
    return path.read_bytes(), path.with_name(f"{path.name}-wal").read_bytes()


def _warnings(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [it.msg for it in caplog.records if it.name == "calendula.database"]


@pytest.mark.parametrize("sessions", ["read", "write"])
def test_what_is_deleted_is_overwritten(sqlite_url: str, sessions: str) -> None:
    """Every connection overwrites what it deletes."""
    database = Database.from_settings(Settings(database_url=sqlite_url))
    with getattr(database, sessions)() as session:
        assert session.scalar(text("PRAGMA secure_delete")) == 1
    database.close()


def test_what_is_deleted_leaves_the_files(sqlite_url: str) -> None:
    """After a scrub the log is empty, and the file holds rows alone."""
    database = Database.from_settings(Settings(database_url=sqlite_url))
    _write_and_delete(database)
    assert NAME.encode() in b"".join(_bytes(sqlite_url))
    database.scrub()
    file, log = _bytes(sqlite_url)
    assert NAME.encode() not in file
    assert log == b""
    database.close()


def test_a_reader_is_not_waited_for_forever(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A reader who does not end keeps the log: that is a warning, and the next scrub empties it."""
    database = Database.from_settings(Settings(database_url=sqlite_url, lock_timeout=0.1))
    with database.read() as reader:
        _look(reader)
        _write_and_delete(database)
        database.scrub()
        (warning,) = _warnings(caplog)
        assert (warning["event"], warning["level"]) == ("scrub unfinished", "warning")
        _look(reader)
    database.scrub()
    assert NAME.encode() not in b"".join(_bytes(sqlite_url))
    assert len(_warnings(caplog)) == 1
    database.close()


def test_another_writer_is_not_waited_for_forever(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Where another process writes, a scrub is left to the next time, with a warning."""
    settings = Settings(database_url=sqlite_url, lock_timeout=0.1)
    one, other = Database.from_settings(settings), Database.from_settings(settings)
    _write_and_delete(one)
    with other.write() as writer:
        _look(writer)
        one.scrub()
    (warning,) = _warnings(caplog)
    assert (warning["event"], warning["error"]) == ("scrub failed", "SQLITE_BUSY")
    one.scrub()
    assert NAME.encode() not in b"".join(_bytes(sqlite_url))
    one.close()
    other.close()


def test_a_scrub_can_be_asked_for_everywhere(database: Database) -> None:
    """On both databases a scrub leaves everything as it can be read."""
    with database.write() as session:
        before = session.scalar(text("SELECT count(*) FROM doctor"))
    database.scrub()
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM doctor")) == before


def _look(session: Session) -> None:
    session.scalar(text("SELECT count(*) FROM patient"))

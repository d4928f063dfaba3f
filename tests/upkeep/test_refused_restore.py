"""What is not whole, or not to be replaced, is refused, and nothing is replaced."""

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.app import create_app
from calendula.database import Database
from calendula.database.files import FileRefused
from calendula.settings import Settings
from calendula.upkeep.restore import restore
from support import load
from support.commands import run
from support.restoring import held, refused, restored, settings_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""SQLite alone: PostgreSQL has its own tool."""

Spoil = Callable[[Path], Any]


def test_a_clinic_that_is_served_is_not_replaced(
    clinic: Database, backup: Path, tmp_path: Path
) -> None:
    """While the service runs, nothing is replaced, and it goes on; once it is killed, it can be."""
    url = f"sqlite:///{clinic.file}"
    with load.service(tmp_path, url) as service, load.connection_to(service.url) as connection:
        result = run(tmp_path, "restore", "copy.db", DATABASE_URL=url)
        assert (result.returncode, result.stdout) == (2, "")
        assert "is in use (database is locked): stop the service first" in result.stderr
        assert load.book(connection, load.slot(5)).status == 201
        service.kill()
    assert held(clinic) == 1
    assert list(tmp_path.glob("*replaced*")) == []
    restored(clinic, backup)
    assert held(clinic) == 2


def test_a_clinic_that_nobody_has_asked_yet_is_not_replaced(
    clinic: Database, backup: Path, tmp_path: Path
) -> None:
    """From its start on the service can be seen to have the database, before any request."""
    with TestClient(create_app(settings_of(clinic))):
        result = run(tmp_path, "restore", "copy.db", DATABASE_URL=f"sqlite:///{clinic.file}")
    assert result.returncode == 2
    assert "stop the service first" in result.stderr


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'appointment'"
        ).fetchone()
    for place in range((page - 1) * 4096, page * 4096, 64):
        content[place] ^= 0xFF
    path.write_bytes(content)


def _other(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('0003')")
        connection.commit()


def _sql(*statements: str) -> Spoil:
    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return spoil


SPOILT: dict[str, tuple[Spoil, str]] = {
    "cut": (_cut, "copy.db (cannot be read|is damaged): "),
    "flipped": (_flip, "copy.db (cannot be read|is damaged): "),
    "a text": (lambda it: it.write_text("Dear diary\n" * 500), "file is not a database"),
    "empty": (lambda it: it.write_bytes(b""), "none of Calendula's"),
    "another's": (_other, "none of Calendula's"),
    "ahead": (_sql("UPDATE alembic_version SET version_num = '9999'"), "upgrade Calendula"),
    "no revision of ours": (
        _sql("UPDATE alembic_version SET version_num = '0000'"),
        "none of Calendula's",
    ),
    "no trigger": (
        _sql("DROP TRIGGER appointment_no_overlap_insert"),
        "copy.db is broken: rules: no appointment_no_overlap_insert",
    ),
    "no index": (_sql("DROP INDEX appointment_slot_key"), "broken: tables: no index"),
    "a stray row": (
        _sql("UPDATE appointment SET doctor_id = 'x'"),
        "copy.db is damaged: a row of appointment refers to nothing",
    ),
    "an altered event": (
        _sql(
            "CREATE TEMP TABLE rule AS SELECT sql FROM sqlite_schema"
            " WHERE name = 'event_append_only_update'",
            "DROP TRIGGER event_append_only_update",
            "UPDATE event SET actor = 'somebody' WHERE number = 2",
            "CREATE TRIGGER event_append_only_update BEFORE UPDATE ON event"
            " BEGIN SELECT RAISE(ABORT, 'event is append-only'); END",
        ),
        "copy.db is broken: events: .* was changed",
    ),
    "half of it": (
        lambda it: it.with_name("copy.db-wal").write_bytes(b"x"),
        "copy.db is not all of a database, as copy.db-wal is beside it",
    ),
}


@pytest.mark.parametrize(("spoil", "words"), SPOILT.values(), ids=SPOILT)
def test_what_is_not_whole_is_refused(
    clinic: Database, backup: Path, spoil: Spoil, words: str
) -> None:
    """A file that is damaged, another's, of a later version or tampered with replaces nothing."""
    spoil(backup)
    assert re.search(words, refused(clinic, backup))


def test_the_command_refuses_in_one_line(clinic: Database, backup: Path) -> None:
    """What is no backup ends the command with one line and exit code 2."""
    backup.write_text("Dear diary")
    result = run(backup.parent, "restore", "copy.db", DATABASE_URL=f"sqlite:///{clinic.file}")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "calendula: copy.db cannot be read: file is not a database.\n"
    assert held(clinic) == 0


def test_a_log_without_its_database_is_not_taken_over(
    clinic: Database, backup: Path, tmp_path: Path
) -> None:
    """A write-ahead log that lies about is not put beside a database that it does not belong to."""
    new = tmp_path / "new"
    new.mkdir()
    (new / "clinic.db-wal").write_bytes(b"of another")
    settings = Settings(database_url=f"sqlite:///{new / 'clinic.db'}")
    with pytest.raises(FileRefused, match=r"clinic\.db-wal belongs to a database that is gone"):
        restore(settings, backup)
    assert [it.name for it in new.iterdir()] == ["clinic.db-wal"]


def test_a_database_that_cannot_be_asked_is_moved_by_hand(clinic: Database, backup: Path) -> None:
    """Where nobody can tell whether it is in use, the line says what to do, and that helps."""
    assert clinic.file is not None
    clinic.file.write_bytes(b"no database" * 1000)
    assert "stop the service, move it away" in refused(clinic, backup)
    clinic.file.rename(clinic.file.with_name("damaged.db"))
    restored(clinic, backup)
    assert held(clinic) == 2


@pytest.mark.parametrize("url", ["postgresql://anna:secret@db.example/clinic"])
def test_postgresql_has_its_own_tool(backup: Path, url: str) -> None:
    """On PostgreSQL the line says what to type, and gives no password away."""
    result = run(backup.parent, "restore", "copy.db", DATABASE_URL=url)
    assert (result.returncode, result.stdout) == (2, "")
    assert "pg_restore --exit-on-error" in result.stderr
    assert "postgresql://anna@db.example/clinic" in result.stderr
    assert "secret" not in result.stderr

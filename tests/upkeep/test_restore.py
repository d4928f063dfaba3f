"""A restore takes what is whole, and replaces nothing otherwise."""

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from calendula.access import service as access
from calendula.access.models import ApiKey
from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.clinic.patients import erasure
from calendula.database import Database, schema
from calendula.database.files import FileRefused
from calendula.patients.models import Patient
from calendula.settings import Settings
from calendula.upkeep.backup import back_up
from calendula.upkeep.restore import restore, told
from support import load
from support.access import bearer
from support.commands import run

Spoil = Callable[[Path], Any]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: PostgreSQL has its own tool."""
    return sqlite_url


@pytest.fixture
def backup(clinic: Database, tmp_path: Path) -> Path:
    """A backup of a clinic with two appointments, which has gone on since without them."""
    copy = tmp_path / "copy.db"
    back_up(_settings(clinic), copy)
    with clinic.write() as session:
        session.execute(text("UPDATE appointment SET status = 'cancelled'"))
    clinic.close()
    return copy


def _held(clinic: Database) -> int:
    return len(load.held(f"sqlite:///{clinic.file}"))


def _settings(clinic: Database) -> Settings:
    return Settings(database_url=f"sqlite:///{clinic.file}")


def _restore(clinic: Database, source: Path) -> list[str]:
    return list(told(restore(_settings(clinic), source), source.name))


def _refused(clinic: Database, source: Path) -> str:
    """See that a restore is refused in one line, and that nothing is replaced; return the line."""
    assert clinic.file is not None
    before = clinic.file.read_bytes(), sorted(it.name for it in source.parent.iterdir())
    with pytest.raises((FileRefused, schema.SchemaAhead)) as refused:
        restore(_settings(clinic), source)
    after = clinic.file.read_bytes(), sorted(it.name for it in source.parent.iterdir())
    assert after == before
    (line,) = str(refused.value).splitlines()
    return line


def _aside(lines: list[str]) -> Path:
    (path,) = (
        it[1] for line in lines if (it := re.fullmatch(r"What was there is (.*) now\.", line))
    )
    return Path(path)


def test_a_backup_comes_back(clinic: Database, backup: Path) -> None:
    """What the backup had is there again, in one file, and what was there is kept beside it."""
    assert _held(clinic) == 0
    lines = _restore(clinic, backup)
    assert lines[0] == f"Restored copy.db, of revision {schema.wanted()}."
    assert _held(clinic) == 2
    aside = _aside(lines)
    assert len(load.held(f"sqlite:///{aside}")) == 0
    names = {it.name for it in backup.parent.iterdir()}
    assert names - {"calendula.db", "copy.db", aside.name} <= {"server.log"}


def test_a_token_from_before_opens_its_appointment(database_url: str, tmp_path: Path) -> None:
    """After a restore the clinic is served as before, and a patient's token opens what it did."""
    with load.service(tmp_path, database_url) as service, load.connection_to(service.url) as one:
        token = load.book(one, load.slot(0)).members["manage_token"]
        back_up(Settings(database_url=database_url), tmp_path / "copy.db")
        assert load.book(one, load.slot(1)).status == 201
    assert run(tmp_path, "restore", "copy.db", DATABASE_URL=database_url).returncode == 0
    with load.service(tmp_path, database_url) as service, load.connection_to(service.url) as one:
        (held,) = load.held(database_url)
        one.request("GET", f"/v1/appointments/{held.id}", headers=bearer(token))
        response = one.getresponse()
        response.read()
        assert response.status == 200
        assert load.book(one, load.slot(0)).status == 409
        assert load.book(one, load.slot(1)).status == 201


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
    assert _held(clinic) == 1
    assert list(tmp_path.glob("*replaced*")) == []
    _restore(clinic, backup)
    assert _held(clinic) == 2


def test_a_clinic_that_nobody_has_asked_yet_is_not_replaced(
    clinic: Database, backup: Path, tmp_path: Path
) -> None:
    """From its start on the service can be seen to have the database, before any request."""
    with TestClient(create_app(_settings(clinic))):
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
    assert re.search(words, _refused(clinic, backup))


def test_an_older_backup_is_migrated(clinic: Database, backup: Path) -> None:
    """A backup from before an upgrade is of this version's schema when it has been restored."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()))
    older = Database.from_settings(Settings(database_url=f"sqlite:///{backup}"))
    with older.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
    older.close()
    assert _restore(clinic, backup)[0] == "Restored copy.db, of revision 0007."
    assert schema.present(clinic) == schema.wanted()
    assert _held(clinic) == 2


def test_who_was_erased_since_is_named(clinic: Database, backup: Path) -> None:
    """Who is back though erased since, and which key though revoked since, is said."""
    with clinic.write() as session:
        session.execute(text("DELETE FROM appointment_token"))
        patient_id = session.scalars(select(Patient.id).order_by(Patient.name)).first()
        assert patient_id is not None
        erasure.erase(session, patient_id)
        handle = access.create(session, "desk", ADMIN, actor="command").key.handle
    clinic.close()
    back_up(_settings(clinic), backup.with_name("newer.db"))
    with clinic.write() as session:
        access.revoke(session, ApiKey.handle == handle, actor="command")
    clinic.close()
    lines = _restore(clinic, backup.with_name("newer.db"))
    assert lines[2:] == [f"Revoked since, so revoke again: key {handle}"]
    lines = _restore(clinic, backup)
    assert lines[2:] == [f"Erased since, so erase again: patient {patient_id}"]


def test_an_empty_place_is_filled(clinic: Database, backup: Path, tmp_path: Path) -> None:
    """On a new machine, where there is no database yet, the backup becomes it, for its owner."""
    new = tmp_path / "new"
    new.mkdir()
    result = run(tmp_path, "restore", "copy.db", DATABASE_URL=f"sqlite:///{new / 'clinic.db'}")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"Restored copy.db, of revision {schema.wanted()}.\n"
    assert [it.name for it in new.iterdir()] == ["clinic.db"]
    assert S_IMODE((new / "clinic.db").stat().st_mode) == 0o600


def test_the_command_refuses_in_one_line(clinic: Database, backup: Path) -> None:
    """What is no backup ends the command with one line and exit code 2."""
    backup.write_text("Dear diary")
    result = run(backup.parent, "restore", "copy.db", DATABASE_URL=f"sqlite:///{clinic.file}")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "calendula: copy.db cannot be read: file is not a database.\n"
    assert _held(clinic) == 0


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
    assert "stop the service, move it away" in _refused(clinic, backup)
    clinic.file.rename(clinic.file.with_name("damaged.db"))
    _restore(clinic, backup)
    assert _held(clinic) == 2


def test_what_was_committed_last_is_kept_aside(clinic: Database, backup: Path) -> None:
    """What a service that was killed had in its write-ahead log is in the file that is kept."""
    assert clinic.file is not None
    url = f"sqlite:///{clinic.file}"
    with load.service(backup.parent, url) as service, load.connection_to(service.url) as one:
        assert load.book(one, load.slot(7)).status == 201
        service.kill()
    assert clinic.file.with_name("calendula.db-wal").stat().st_size > 0
    aside = _aside(_restore(clinic, backup))
    assert len(load.held(f"sqlite:///{aside}")) == 1
    assert not clinic.file.with_name("calendula.db-wal").exists()


@pytest.mark.parametrize("url", ["postgresql://anna:secret@db.example/clinic"])
def test_postgresql_has_its_own_tool(backup: Path, url: str) -> None:
    """On PostgreSQL the line says what to type, and gives no password away."""
    result = run(backup.parent, "restore", "copy.db", DATABASE_URL=url)
    assert (result.returncode, result.stdout) == (2, "")
    assert "pg_restore --exit-on-error" in result.stderr
    assert "postgresql://anna@db.example/clinic" in result.stderr
    assert "secret" not in result.stderr

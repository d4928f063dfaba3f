"""A backup is whole: taken while others book, looked at, and for its owner's eyes alone."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from stat import S_IMODE
from threading import Barrier, Event
from uuid import UUID

import pytest
from sqlalchemy import text

from calendula.audit.verify import verify
from calendula.database import Database
from calendula.settings import Settings
from calendula.upkeep.backup import back_up
from calendula.upkeep.check import State, check
from support import load
from support.commands import run

CLIENTS = 4


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: PostgreSQL has its own tool."""
    return sqlite_url


def _opened(path: Path) -> closing[Database]:
    return closing(Database.from_settings(Settings(database_url=f"sqlite:///{path}")))


def _refused(folder: Path, url: str, name: str, *, force: bool = False) -> str:
    """See that no backup is made, in one line, and nothing written; return the line."""
    before = _files(folder)
    with pytest.raises((ValueError, OSError)) as refused:
        back_up(Settings(database_url=url), folder / name, force=force)
    assert _files(folder) == before
    (line,) = str(refused.value).splitlines()
    return line


def _files(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, but for the index of a log, which readers write too."""
    return {it.name: it.read_bytes() for it in folder.iterdir() if not it.name.endswith("-shm")}


def test_a_backup_is_a_database_of_its_own(
    clinic: Database, database_url: str, tmp_path: Path
) -> None:
    """A copy is one file that only its owner reads, with all that the clinic has."""
    result = run(tmp_path, "backup", "copy.db", DATABASE_URL=database_url)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Backed up to copy.db, at revision ")
    copy = tmp_path / "copy.db"
    assert S_IMODE(copy.stat().st_mode) == 0o600
    assert {it.name for it in tmp_path.glob("*copy*")} == {"copy.db"}
    assert load.held(f"sqlite:///{copy}") == load.held(database_url)
    with _opened(copy) as database:
        assert [it for it in check(database) if it.state is State.BROKEN] == []


def test_what_is_there_is_not_overwritten(
    clinic: Database, database_url: str, tmp_path: Path
) -> None:
    """A name that is taken is refused, unless it is to be replaced; the database itself always."""
    (tmp_path / "copy.db").write_text("precious")
    assert "copy.db is there already" in _refused(tmp_path, database_url, "copy.db")
    for own in "calendula.db", "./calendula.db", "calendula.db-wal":
        line = _refused(tmp_path, database_url, own, force=True)
        assert "belongs to the database itself" in line
    back_up(Settings(database_url=database_url), tmp_path / "copy.db", force=True)
    assert len(load.held(f"sqlite:///{tmp_path / 'copy.db'}")) == 2


def test_the_command_refuses_in_one_line(database_url: str, tmp_path: Path) -> None:
    """What cannot be done ends the command with one line and exit code 2."""
    result = run(tmp_path, "backup", "nowhere/copy.db", DATABASE_URL=database_url)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("calendula: ")
    assert result.stderr.endswith(": No such file or directory.\n")
    assert len(result.stderr.splitlines()) == 1


def test_what_cannot_be_copied_is_one_line(
    clinic: Database, database_url: str, tmp_path: Path
) -> None:
    """A folder that is not there, a database that is not, or is none of ours, is one line."""
    assert "No such file or directory" in _refused(tmp_path, database_url, "nowhere/copy.db")
    assert "There is no database at" in _refused(
        tmp_path, f"sqlite:///{tmp_path}/none.db", "copy.db"
    )
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE other (number)")
        other.execute("PRAGMA journal_mode = WAL")
    assert "no schema of Calendula's" in _refused(
        tmp_path, f"sqlite:///{tmp_path}/other.db", "copy.db"
    )


def test_a_damaged_database_makes_no_backup(
    clinic: Database, database_url: str, tmp_path: Path
) -> None:
    """A copy that is not whole does not replace one that was."""
    back_up(Settings(database_url=database_url), tmp_path / "copy.db")
    clinic.close()
    with closing(sqlite3.connect(tmp_path / "calendula.db")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE appointment SET doctor_id = ?", (UUID(int=1).hex,))
        connection.commit()
    line = _refused(tmp_path, database_url, "copy.db", force=True)
    assert "The copy is damaged: a row of appointment refers to nothing" in line


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:secret@db.example:5433/clinic",
        "postgresql://anna@db.example/clinic?password=secret&sslmode=require",
    ],
)
def test_postgresql_has_its_own_tool(tmp_path: Path, url: str) -> None:
    """On PostgreSQL the line says what to type, with nothing asked of the server, or given away."""
    line = _refused(tmp_path, url, "it's.dump")
    assert "(umask 077; pg_dump --format=custom --file=" in line
    assert "it'\"'\"'s.dump' --dbname=" in line  # as a shell reads it
    assert "postgresql://anna@db.example" in line
    assert "secret" not in line
    assert ("sslmode=require" in line) == ("sslmode" in url)


def test_a_backup_under_load_has_every_booking_before_it(database_url: str, tmp_path: Path) -> None:
    """While many book, each copy has every 201 from before it, whole days, rules and chain."""
    numbers, stop, started = count(), Event(), Barrier(CLIENTS + 1, timeout=load.PATIENCE)
    booked: list[UUID] = []

    def book(url: str) -> int:
        statuses = 0
        with load.connection_to(url) as connection:
            while not stop.is_set():
                answer = load.book(connection, load.slot(next(numbers)))
                assert answer.status == 201
                booked.append(UUID(answer.members["appointment_id"]))
                statuses += 1
                if statuses == 1:
                    started.wait()
        return statuses

    with load.service(tmp_path, database_url) as service, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(book, service.url) for _ in range(CLIENTS)]
        try:
            started.wait()
            for number in range(5):
                before, copy = set(booked), tmp_path / f"copy-{number}.db"
                back_up(Settings(database_url=database_url), copy)
                ids = {it.id for it in load.held(f"sqlite:///{copy}")}
                assert before <= ids
        finally:
            stop.set()
        assert sum(each.result() for each in clients) == len(booked)
    assert ids <= set(booked)
    with _opened(copy) as database:
        assert [it for it in check(database) if it.state is State.BROKEN] == []
        with database.read(streams=True) as session:
            assert verify(session).events >= len(ids)
    assert load.double_bookings(f"sqlite:///{copy}") == []


def test_what_was_deleted_is_not_in_a_backup(
    clinic: Database, database_url: str, tmp_path: Path
) -> None:
    """A name that no row has any more is in no byte of a copy, as it may still be in the log."""
    with clinic.write() as session:
        session.execute(text("UPDATE patient SET name = 'Qwertzuiop'"))
    with clinic.write() as session:
        session.execute(text("UPDATE patient SET name = 'Asha'"))
    back_up(Settings(database_url=database_url), tmp_path / "copy.db")
    assert b"Qwertzuiop" in (tmp_path / "calendula.db-wal").read_bytes()
    assert b"Qwertzuiop" not in (tmp_path / "copy.db").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="files have no such mode here")
def test_a_careless_umask_does_not_matter(
    clinic: Database, database_url: str, tmp_path: Path
) -> None:
    """Whatever the files of this user are like, a backup is not for others."""
    old = os.umask(0)
    try:
        back_up(Settings(database_url=database_url), tmp_path / "copy.db")
    finally:
        os.umask(old)
    assert S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600

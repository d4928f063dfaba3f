"""A SQLite database as a file: copied while others write, looked at, and replaced."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkstemp

from calendula import clock
from calendula.database.engine import Database

_BESIDE = "-wal", "-shm", "-journal"  # what SQLite keeps beside a file that is in use
_PATIENCE = 1.0  # seconds to wait for whoever has it open
_REVISION = """
    SELECT version_num FROM alembic_version WHERE 3 =
    (SELECT count(*) FROM sqlite_schema WHERE name IN ('appointment', 'doctor', 'event'))
"""


class FileRefused(ValueError):
    """A file cannot be used, or replaced; the text is one line that says why."""


@contextmanager
def made_beside(target: Path) -> Iterator[Path]:
    """Yield a new, empty file in the folder of another, for its owner alone; it goes in the end."""
    handle, name = mkstemp(dir=target.parent, prefix=f".{target.name}.")  # its mode is 0600
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        for path in (made, *beside(made)):
            path.unlink(missing_ok=True)


def beside(path: Path) -> list[Path]:
    """Return the paths of what SQLite may keep beside a file."""
    return [path.with_name(path.name + end) for end in _BESIDE]


def write_copy(database: Database, target: Path) -> None:
    """Write an embedded database, as it is at one moment, into a file that is empty.

    Who writes meanwhile is not kept waiting. The copy is made of rows: of what was deleted it has
    nothing, and it needs no other file beside it.
    """
    try:
        with closing(database.reader.raw_connection()) as pooled:
            pooled.cursor().execute("VACUUM INTO ?", (str(target),))
    except sqlite3.DatabaseError as error:
        raise FileRefused(f"The database cannot be copied: {error}.") from None


def revision(path: Path) -> str | None:
    """Return the revision of the schema in a file, or None where it is none of Calendula's."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            row = connection.execute(_REVISION).fetchone()
        except sqlite3.OperationalError:  # no such table, or no such column
            return None
    return str(row[0]) if row else None


def refuse_damaged(path: Path, name: object) -> None:
    """Read all of a SQLite file; raise FileRefused, which calls it by a name, if it is damaged."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            first = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            stray = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise FileRefused(f"{name} cannot be read: {error}.") from None
    if first != "ok":
        raise FileRefused(f"{name} is damaged: {' '.join(first.split())}.")
    if stray is not None:
        raise FileRefused(f"{name} is damaged: a row of {stray[0]} refers to nothing.")


def let_nobody_have_open(path: Path) -> None:
    """See that nobody has a SQLite file open, and that all of the database is in that one file.

    Whoever has it open, also to read, keeps a lock on it, which SQLite asks for to give up the
    write-ahead log. Raises FileRefused.
    """
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise FileRefused(f"{path} is in use ({error}): stop the service first.") from None
    except sqlite3.DatabaseError as error:
        raise FileRefused(
            f"{path} cannot be read ({error}), so nobody can tell whether it is in use: stop the "
            "service, move it away together with its -wal and -shm, and restore again."
        ) from None


def replace(path: Path, new: Path) -> Path | None:
    """Put a file in the place of a database that nobody has open; return where that is now.

    At every moment there is one of the two. The new one belongs to whom the other one belonged to.
    """
    aside = None
    if path.exists():
        let_nobody_have_open(path)
        aside = path.with_name(f"{path.name}.replaced-{clock.now():%Y%m%dT%H%M%S.%fZ}")
        _hand_over(path, new)
        os.link(path, aside)
    elif left := [it for it in beside(path) if it.exists()]:
        raise FileRefused(f"{left[0]} belongs to a database that is gone: move it away first.")
    put(new, path)
    return aside


def put(new: Path, path: Path) -> None:
    """Let a file be at a path, on the disk too, whatever is there now."""
    _sync(new)
    new.replace(path)
    if os.name == "posix":
        _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hand_over(old: Path, new: Path) -> None:
    was = old.stat()
    new.chmod(was.st_mode & 0o777)
    if os.name == "posix":
        try:
            os.chown(new, was.st_uid, was.st_gid)
        except PermissionError:
            raise FileRefused(f"{old} belongs to another user: do this as that user.") from None

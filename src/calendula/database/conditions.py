"""Under which conditions a database keeps what it is given: its version, settings and storage."""

import sqlite3
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_FIRST_POSTGRESQL = 15
_WAL = 3, 7, 0
_MENDED = {(3, 44): 6, (3, 50): 7, (3, 51): 3}  # the first good patch release of a branch
_GOOD_SINCE = 3, 52
_SYNCED_AT_COMMIT = 2  # FULL; EXTRA is 3

_OFF_IN_POSTGRESQL = text(
    "SELECT name FROM pg_settings WHERE reset_val = 'off'"
    " AND name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
)
_BAD_PAGES = text(
    "SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database"
    " WHERE datname = current_database() OR datid = 0"
)
# NULL where the sequence has given out no number yet.
_BEHIND = text(
    "SELECT max(number) - coalesce(pg_sequence_last_value('event_number_seq'), 0) FROM event"
)


def version(session: Session) -> tuple[str, str | None]:
    """Return the database's name and version, and what is to be said against it."""
    if not _is_sqlite(session):
        number = int(session.scalars(text("SHOW server_version_num")).one())
        old = f"PostgreSQL {_FIRST_POSTGRESQL} or newer is needed"
        release = f"PostgreSQL {number // 10_000}.{number % 10_000}"
        return release, old if number < _FIRST_POSTGRESQL * 10_000 else None
    fault = "may damage the file, very rarely, where two processes write at once (WAL-reset bug)"
    upgrade = f"{fault}: 3.51.3, 3.50.7 and 3.44.6 do not"
    faulty = has_wal_fault(sqlite3.sqlite_version_info)
    return f"SQLite {sqlite3.sqlite_version}", upgrade if faulty else None


def has_wal_fault(version: tuple[int, int, int]) -> bool:
    """Tell whether a version of SQLite has the WAL-reset bug (https://sqlite.org/wal.html).

    Two connections that commit or checkpoint at the same instant can make a later checkpoint leave
    out what was committed. The service has one that does either, so it takes a command beside it.
    """
    major, minor, patch = version
    if version < _WAL or (major, minor) >= _GOOD_SINCE:
        return False
    mended = _MENDED.get((major, minor))
    return mended is None or patch < mended


def risks(session: Session) -> list[str]:
    """Return what lets a commit be lost, or a page be torn, when the power goes."""
    if not _is_sqlite(session):
        return [f"{name} is off" for name in session.scalars(_OFF_IN_POSTGRESQL)]
    mode = session.scalars(text("PRAGMA journal_mode")).one()
    level = session.scalars(text("PRAGMA synchronous")).one()
    found = [] if mode == "wal" else [f"journal_mode is {mode}, not wal"]
    return found if level >= _SYNCED_AT_COMMIT else [*found, f"synchronous is {level}, not FULL"]


def damages(session: Session) -> list[str]:
    """Return what is wrong with the stored pages: SQLite reads them all, PostgreSQL has counted."""
    if _is_sqlite(session):
        lines = session.scalars(text("PRAGMA integrity_check(3)")).all()
        return [] if list(lines) == ["ok"] else [" ".join(line.split()) for line in lines]
    pages = session.scalars(_BAD_PAGES).one()
    return [f"{pages} pages had a wrong checksum"] if pages else []


def numbers_given_twice(session: Session) -> int:
    """Return how many numbers of the log would be handed out a second time: 0, if all is well."""
    if _is_sqlite(session):
        return 0  # each is one more than the last
    return max(0, session.scalars(_BEHIND).one() or 0)


def time_there(session: Session) -> datetime | None:
    """Return what the clock of the database's server says; None where it is this machine's."""
    if _is_sqlite(session):
        return None
    there: datetime = session.scalars(text("SELECT clock_timestamp()")).one()
    return there


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"

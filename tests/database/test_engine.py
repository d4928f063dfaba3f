from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, StatementError

from calendula.database import Database
from calendula.errors import Unavailable
from calendula.patients.models import Patient
from calendula.settings import Settings

NOON = datetime(2025, 2, 7, 12, tzinfo=UTC)


def _patient(created_at: datetime = NOON) -> dict[str, object]:
    return {"id": uuid4(), "identifier": "1", "name": "Asha", "created_at": created_at}


def test_what_a_block_writes_is_committed(database: Database) -> None:
    """A write is there for the next reader once its block has ended."""
    with database.write() as session:
        session.execute(insert(Patient).values(**_patient()))
    with database.read() as session:
        assert session.scalar(select(func.count(Patient.id))) == 1


def test_what_a_failing_block_wrote_is_undone(database: Database) -> None:
    """Nothing of a block that raises is kept."""
    with pytest.raises(KeyError), database.write() as session:
        session.execute(insert(Patient).values(**_patient()))
        raise KeyError
    with database.read() as session:
        assert session.scalar(select(func.count(Patient.id))) == 0


def test_a_naive_datetime_is_refused(database: Database) -> None:
    """An instant without a zone does not reach the database."""
    with pytest.raises(StatementError, match="naive"), database.write() as session:
        session.execute(insert(Patient).values(**_patient(datetime(2025, 2, 7))))  # noqa: DTZ001 - the point


def test_an_instant_comes_back_in_utc(database: Database) -> None:
    """Whatever zone an instant is given in, it is the same instant in UTC that comes back."""
    with database.write() as session:
        in_kolkata = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
        session.execute(insert(Patient).values(**_patient(in_kolkata)))
    with database.read() as session:
        (created_at,) = session.scalars(select(Patient.created_at))
    assert (created_at, created_at.utcoffset()) == (NOON, timedelta(0))


@pytest.mark.parametrize("sessions", ["read", "write"])
def test_sqlite_keeps_what_it_commits(sqlite_url: str, sessions: str) -> None:
    """Every connection writes ahead, syncs each commit to the disk and enforces foreign keys."""
    database = Database.from_settings(Settings(database_url=sqlite_url))
    with getattr(database, sessions)() as session:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        found = [session.scalar(text(f"PRAGMA {name}")) for name in pragmas]
    assert found == ["wal", 2, 1]  # 2 is FULL
    database.close()


def test_a_lock_is_not_waited_for_forever(database_url: str) -> None:
    """Who waits for a lock longer than the time-out is told that the outcome is not known."""
    impatient = Settings(database_url=database_url, lock_timeout=0.2)
    one, other = (Database.from_settings(impatient) for _ in range(2))
    with one.write() as first, pytest.raises(Unavailable):
        first.execute(insert(Patient).values(**_patient()))
        with other.write() as second:
            second.execute(insert(Patient).values(**_patient()))
    one.close()
    other.close()


def test_sqlites_writers_queue(sqlite_url: str) -> None:
    """Writers of one process wait for each other in a queue, not for the file's impatient lock."""
    settings = Settings(database_url=sqlite_url, lock_timeout=0.01)
    database = Database.from_settings(settings)

    def write() -> None:
        with database.write() as session:
            session.execute(select(1))

    with ThreadPoolExecutor() as pool:
        with database.write() as session:
            session.execute(select(1))
            others = [pool.submit(write) for _ in range(4)]
            wait(others, timeout=0.2)
        for other in others:
            other.result()
    database.close()


def test_a_slow_statement_is_ended(postgresql_url: str) -> None:
    """PostgreSQL ends a statement that takes longer than the time-out."""
    settings = Settings(database_url=postgresql_url, statement_timeout=0.2)
    database = Database.from_settings(settings)
    with pytest.raises(Unavailable), database.read() as session:
        session.execute(text("SELECT pg_sleep(60)"))
    database.close()


def test_an_exhausted_pool_is_not_waited_for_forever(database_url: str) -> None:
    """Who finds every connection in use is told to come again."""
    settings = Settings(database_url=database_url, pool_size=1, pool_timeout=0.1)
    database = Database.from_settings(settings)
    with database.write() as session, pytest.raises(Unavailable):
        session.execute(select(1))
        with database.write() as another:
            another.execute(select(1))
    database.close()


def test_a_database_that_is_not_there_is_unavailable() -> None:
    """A server that does not listen is an answer, not a crash."""
    settings = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    database = Database.from_settings(settings)
    with pytest.raises(Unavailable), database.read() as session:
        session.execute(select(1))


def test_a_wrong_statement_is_no_silence(database: Database) -> None:
    """A statement that the database cannot understand is a failure, on both databases alike."""
    with pytest.raises(DBAPIError), database.read() as session:
        session.execute(text("SELECT nonsense FROM nowhere"))


def test_postgresql_keeps_what_it_commits(postgresql_server: str, postgresql_url: str) -> None:
    """A commit waits for the disk, also on a server that is told not to, and a text is a text."""
    name = make_url(postgresql_url).database
    server = create_engine(
        Settings(database_url=postgresql_server).database_url, isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        connection.execute(text(f"ALTER DATABASE {name} SET client_encoding = SQL_ASCII"))
    server.dispose()
    database = Database.from_settings(Settings(database_url=postgresql_url))
    with database.write() as session:
        shown = ("synchronous_commit", "client_encoding", "transaction_isolation", "timezone")
        found = [session.scalar(text(f"SHOW {name}")) for name in shown]
    assert found == ["on", "UTF8", "read committed", "UTC"]
    database.close()


def test_an_error_holds_no_values(database: Database) -> None:
    """The message of a failed statement does not repeat what was to be stored."""
    with pytest.raises(Exception) as failure, database.write() as session:  # noqa: PT011 - any will do
        session.execute(insert(Patient).values(**_patient()))
        session.execute(insert(Patient).values(**_patient()))
    assert "[SQL parameters hidden" in str(failure.value)

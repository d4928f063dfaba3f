"""SQLite: one file, one process, one writer at a time."""

from contextlib import closing
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import OperationalError

import structlog
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from calendula.settings import Settings

_log = structlog.get_logger("calendula.database")


def engines(url: URL, settings: Settings) -> tuple[Engine, Engine]:
    """Return an engine for readers and one for the writer.

    SQLite has one writer at a time. A pool of one connection queues the writers of the process in
    the order of their coming, where the file's own lock would let them poll and starve.
    """
    reader = _engine(url, settings, begin="BEGIN", connections=settings.pool_size)
    return reader, _engine(url, settings, begin="BEGIN IMMEDIATE", connections=1)


def scrub(writer: Engine) -> None:
    """Let neither the file nor its write-ahead log hold anything that no row holds any more.

    `secure_delete` does not do it alone: where SQLite moves rows from page to page, their bytes can
    stay behind. So the file is written anew from its rows, into the log, and the log is moved into
    the file and emptied. That takes as long as writing the file twice, and as much room; writers
    wait meanwhile, readers do not. Moving the log waits for readers up to the lock's time-out. What
    cannot be done is left to the next time, with a warning; an emptying alone that is due, also to
    the end of the last connection.
    """
    with closing(writer.raw_connection()) as pooled:
        cursor = pooled.cursor()
        try:
            cursor.execute("VACUUM")
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except OperationalError as error:
            _log.warning("scrub failed", error=error.sqlite_errorname)
        else:
            if busy:
                _log.warning("scrub unfinished", error="SQLITE_BUSY")


def _engine(url: URL, settings: Settings, *, begin: str, connections: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        hide_parameters=True,
        connect_args={"timeout": settings.lock_timeout},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: SQLiteConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions: `begin` does
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk before its 201
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine

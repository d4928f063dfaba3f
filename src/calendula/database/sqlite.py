"""SQLite: one file, one process, one writer at a time."""

from sqlite3 import Connection as SQLiteConnection

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from calendula.settings import Settings


def engines(url: URL, settings: Settings) -> tuple[Engine, Engine]:
    """Return an engine for readers and one for the writer.

    SQLite has one writer at a time. A pool of one connection queues the writers of the process in
    the order of their coming, where the file's own lock would let them poll and starve.
    """
    reader = _engine(url, settings, begin="BEGIN", connections=settings.pool_size)
    return reader, _engine(url, settings, begin="BEGIN IMMEDIATE", connections=1)


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

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine

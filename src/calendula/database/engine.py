import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, QueuePool, exc
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from calendula import metrics, traces
from calendula.database import postgresql, sqlite
from calendula.database.hints import Hints, hinted
from calendula.errors import Unavailable
from calendula.settings import Settings


class NoDatabase(ValueError):
    """There is nothing to work on; the text is one line that says where it was looked for."""


class Database:
    """Where sessions come from. Routes and commands open them; services only take them."""

    def __init__(self, reader: Engine, writer: Engine, *, embedded: bool) -> None:
        self.reader = reader
        self.writer = writer
        self.embedded = embedded
        """Whether it is a file of this machine, for one process alone."""
        self.hints = Hints() if embedded else _shared_hints(writer)
        """Tell of what was committed, if the events of it say that anybody can see it."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the database of `settings.database_url`; nothing is connected yet."""
        url = make_url(settings.database_url)
        embedded = url.get_backend_name() == "sqlite"
        reader, writer = (sqlite if embedded else postgresql).engines(url, settings)
        return cls(reader, writer, embedded=embedded)

    @contextmanager
    def read(self, *, streams: bool = False) -> Iterator[Session]:
        """Open a session that only reads. Raises Unavailable where the database does not answer.

        One that `streams`, which is to take rows while there are more to come, is a transaction.
        """
        engine = self.writer if streams and not self.embedded else self.reader
        with (
            _answering(),
            traces.span("read"),
            Session(engine, expire_on_commit=False) as session,
        ):
            yield session

    @contextmanager
    def write(self, *, dry_run: bool = False) -> Iterator[Session]:
        """Open a transaction: committed, durably, where the block ends, and undone where it raises.

        A dry run is undone in the end, whatever it did. The one place of the code base that
        commits. Raises Unavailable where the database does not answer in time, also to the COMMIT:
        then nobody knows the outcome.
        """
        with (
            _answering(),
            traces.span("write"),
            Session(self.writer, expire_on_commit=False) as session,
            session.begin() as transaction,
        ):
            yield session
            if dry_run:
                session.flush()
                session.expunge_all()  # what was read and made can still be shown
                transaction.rollback()
        if topics := hinted(session):
            self.hints.tell(topics)

    def connections(self) -> tuple[int, int]:
        """Return how many connections there may be, and how many somebody works with."""
        pools = [it for it in {self.reader.pool, self.writer.pool} if isinstance(it, QueuePool)]
        return sum(it.size() for it in pools), sum(it.checkedout() for it in pools)

    @property
    def file(self) -> Path | None:
        """Where an embedded database is; None for one that is no file of this machine."""
        return Path(str(self.writer.url.database)) if self.embedded else None

    def see_that_it_exists(self) -> None:
        """Raise NoDatabase where there is no file yet: opening one would make it."""
        if self.file is not None and not self.file.exists():
            raise NoDatabase(f"There is no database at {self.file}.")

    def hold(self) -> None:
        """Let others see from now on that a SQLite file is in use, also while nobody asks for it.

        SQLite tells who opens a file whether somebody else has it open. That it cannot be opened is
        told where it is asked for.
        """
        if self.embedded:
            with suppress(Unavailable), _answering():
                self.reader.connect().close()  # the pool keeps it open

    def scrub(self) -> None:
        """Let the bytes of what was erased leave the disk, as far as the database lets us.

        Call it after the commit. A SQLite file is written anew. PostgreSQL cleans up by itself, in
        its own time (VACUUM). Raises Unavailable where the database does not answer.
        """
        if self.embedded:
            with _answering():
                sqlite.scrub(self.writer)

    def close(self) -> None:
        """Close every connection."""
        self.hints.close()
        self.reader.dispose()
        self.writer.dispose()


def _shared_hints(writer: Engine) -> Hints:
    # Here, since it loads PostgreSQL's driver, which an embedded database need not wait for.
    from calendula.database.postgresql_hints import SharedHints

    return SharedHints(writer)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        if not _may_pass(error):
            raise
        metrics.AWAY.inc()
        raise Unavailable("The database does not answer. Try again in a moment.") from error
    except exc.TimeoutError as error:
        metrics.BUSY.inc()
        raise Unavailable("The service is busy. Try again in a moment.") from error


def _may_pass(error: exc.DBAPIError) -> bool:
    """Tell a database that is away, locked or full from a statement that is wrong.

    SQLite's driver has one class for both, and SQLITE_ERROR for the latter.
    """
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False
    trouble = isinstance(error, (exc.OperationalError, exc.InterfaceError))
    return trouble or error.connection_invalidated

"""A reader who goes on from a number misses no event, whoever commits late. Two open transactions.

SQLite has one writer at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from calendula.database import Database, settled
from calendula.events import service
from calendula.events.models import Event

_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
DOCTORS = [UUID(int=number) for number in range(1, 5)]


class Reader:
    """Reads on from where it was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last = 0
        self.read()

    def read(self) -> list[str]:
        """Return the actions of the events that are new."""
        with self._database.read() as session:
            until = settled(session, Event.number)
            query = select(Event).where(Event.number > self._last, Event.number <= until)
            events = session.scalars(query.order_by(Event.number)).all()
        if events:
            self._last = events[-1].number
        return [event.action for event in events]


@contextmanager
def _open(database: Database) -> Iterator[Session]:
    """Open a transaction that has its id, and ends as the test says."""
    with Session(database.writer) as session:
        session.execute(text("SELECT pg_current_xact_id()"))
        yield session


def _number(session: Session, action: str, doctor_id: UUID) -> None:
    """Write an event as the end of a transaction does, but stay before the commit itself."""
    service.record(session, action, actor="command", doctor_id=doctor_id)
    session.dispatch.before_commit(session)


@pytest.fixture
def reader(database: Database) -> Reader:
    """A reader who has read all that there is."""
    return Reader(database)


@_postgresql
@pytest.mark.parametrize("earlier", [0, 1], ids=["first began first", "second began first"])
@pytest.mark.parametrize("outcome", ["commit", "rollback"])
def test_a_late_commit_is_not_missed(
    database: Database, reader: Reader, earlier: int, outcome: str
) -> None:
    """A number that was committed waits for a lower one that is still open, whoever began first."""
    with _open(database) as one, _open(database) as other:
        late, soon = (one, other) if earlier == 0 else (other, one)
        _number(late, "late", DOCTORS[0])
        _number(soon, "soon", DOCTORS[1])
        soon.commit()
        assert reader.read() == []
        getattr(late, outcome)()
        assert reader.read() == (["late", "soon"] if outcome == "commit" else ["soon"])


@_postgresql
def test_what_is_below_an_open_number_is_read(database: Database, reader: Reader) -> None:
    """An open transaction holds back what comes behind it, and nothing before it."""
    with _open(database) as first, _open(database) as late, _open(database) as last:
        _number(first, "first", DOCTORS[0])
        _number(late, "late", DOCTORS[1])
        _number(last, "last", DOCTORS[2])
        last.commit()
        first.commit()
        assert reader.read() == ["first"]
        late.commit()
        assert reader.read() == ["late", "last"]


@_postgresql
def test_a_savepoint_that_is_undone_holds_nothing_back(database: Database, reader: Reader) -> None:
    """A number that a savepoint took, and gave up, is waited for no more; the next one is."""
    number = text("SELECT event_number()")
    with _open(database) as late, _open(database) as soon:
        savepoint = late.begin_nested()
        late.execute(number)
        savepoint.rollback()
        _number(soon, "soon", DOCTORS[0])
        soon.commit()
        assert reader.read() == ["soon"]
        _number(late, "late", DOCTORS[1])
        with database.write() as session:
            service.record(session, "soon again", actor="command", doctor_id=DOCTORS[0])
        assert reader.read() == []
        late.commit()
        assert reader.read() == ["late", "soon again"]


@_postgresql
def test_a_transaction_without_a_number_holds_nothing_back(
    database: Database, reader: Reader
) -> None:
    """However long somebody else's transaction is, the events of others are read."""
    with _open(database), database.write() as session:
        service.record(session, "soon", actor="command")
    assert reader.read() == ["soon"]


@_postgresql
def test_a_restored_log_is_read_on(database: Database, reader: Reader) -> None:
    """What is settled does not hang on ids of transactions, which another cluster starts anew."""
    with database.write() as session:
        session.execute(text("SELECT setval('event_number_seq', 5000000000)"))
        service.record(session, "far", actor="command")
    assert reader.read() == ["far"]
    with _open(database) as late:
        _number(late, "late", DOCTORS[0])
        with database.write() as session:
            service.record(session, "soon", actor="command", doctor_id=DOCTORS[1])
        assert reader.read() == []
        late.commit()
    assert reader.read() == ["late", "soon"]


def test_everything_that_is_committed_is_read(database: Database, reader: Reader) -> None:
    """With nobody else at work, each event can be read at once, on both databases."""
    for action in "a", "b":
        with database.write() as session:
            service.record(session, action, actor="command")
        assert reader.read() == [action]

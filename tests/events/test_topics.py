"""What is told of a transaction, and when: never too early, and never what did not happen."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from queue import Queue
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from calendula.database import EVERYTHING, Database
from calendula.events import service, topics
from calendula.events.chain import Entry
from calendula.events.models import Event

MEI, LENA = UUID(int=1), UUID(int=2)
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)

Told = Queue[AbstractSet[str]]


@pytest.fixture
def told(database: Database) -> Iterator[Told]:
    """What is heard in the process that has committed it."""
    heard: Told = Queue()
    database.hints.listen(heard.put)
    if not database.embedded:
        assert heard.get(timeout=10) == {EVERYTHING}  # the courier has connected
    yield heard
    database.hints.close()


def _record(session: Session, action: str = "appointment.booked", doctor: UUID = MEI) -> None:
    service.record(session, action, actor="command", doctor_id=doctor)


@pytest.mark.parametrize(
    "action",
    [
        *("appointment.booked", "hold.expired", "day.closed", "doctor.added", "timetable.edited"),
        *("policy.replaced", "visit-type.added", "clinic.edited"),
    ],
)
def test_what_people_see_is_told(action: str) -> None:
    """A change is told of its doctor, and of everybody where it is no doctor's; nothing else is."""
    entry = Entry(AT, action, "public", MEI, None, LENA, {"before": None})
    assert topics.of([entry, entry]) == {str(MEI)}
    assert topics.of([entry, entry._replace(doctor_id=None)]) == {str(MEI), EVERYTHING}


@pytest.mark.parametrize(
    "action",
    ["patient.read", "patient.exported", "access.denied", "token.issued", "key.created", "desk.in"],
)
def test_that_somebody_looked_is_not_told(action: str) -> None:
    """Reading, signing in and being refused wake no page: one that reads would chase itself."""
    assert topics.of([Entry(AT, action, "public", MEI, None, None, {})]) == set()


def test_a_commit_is_told_once(database: Database, told: Told) -> None:
    """What a transaction tells of comes in one hint, when everybody can see what was done."""
    with database.write() as session:
        _record(session)
        _record(session, doctor=LENA)
        with session.begin_nested():
            _record(session)
        assert told.empty()
    assert told.get(timeout=0) == {str(MEI), str(LENA)}
    assert told.empty()


def test_it_is_told_behind_the_commit(database: Database) -> None:
    """Whoever hears a hint and looks at once finds what it was about."""
    seen: list[int | None] = []

    def look(_topics: AbstractSet[str]) -> None:
        with database.read() as session:
            query = select(func.count()).where(Event.action == "appointment.booked")
            seen.append(session.scalar(query))

    database.hints.listen(look)
    with database.write() as session:
        _record(session)
    assert seen[-1] == 1


def test_what_is_undone_is_not_told(database: Database, told: Told) -> None:
    """A transaction that fails, a savepoint that is undone, a dry run and a read tell nothing."""
    with pytest.raises(LookupError), database.write() as session:
        _record(session)
        raise LookupError
    with database.write(dry_run=True) as session:
        _record(session)
    with database.write() as session, pytest.raises(LookupError), session.begin_nested():
        _record(session)
        raise LookupError
    with database.write() as session:
        _record(session, "patient.read")
    with database.read() as session:
        session.scalar(select(1))
    assert told.empty()
    with database.write() as session:
        _record(session, doctor=LENA)
    assert told.get(timeout=0) == {str(LENA)}

"""When events are written, and what they wait for."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import event as listening
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from calendula.database import Database
from calendula.events import service
from calendula.events.models import Event, EventChain
from calendula.events.service import About

DOCTORS = [UUID(int=number) for number in range(1, 9)]


def _record(session: Session, action: str, doctor_id: UUID | None = None) -> None:
    service.record(session, action, actor="command", doctor_id=doctor_id)


def _actions(database: Database) -> list[str]:
    """Return what happened after the clinic was opened, by number."""
    query = select(Event.action).where(Event.actor == "command").order_by(Event.number)
    with database.read() as session:
        return list(session.scalars(query))


def test_events_are_written_with_the_change(database: Database) -> None:
    """What a transaction tells is written where it ends, in the order in which it was told."""
    with database.write() as session:
        for action in "a", "b", "c":
            _record(session, action, DOCTORS[0] if action == "b" else None)
        assert session.scalar(select(func.count()).where(Event.actor == "command")) == 0
    assert _actions(database) == ["a", "b", "c"]


def test_what_is_undone_did_not_happen(database: Database) -> None:
    """A transaction that fails, and a dry run, leave no event."""
    with database.write(dry_run=True) as session:
        _record(session, "tried")
    with pytest.raises(LookupError), database.write() as session:
        _record(session, "failed")
        raise LookupError
    assert _actions(database) == []


def test_a_savepoint_is_no_end(database: Database) -> None:
    """An event of a savepoint is written with the rest, and not where the savepoint is undone."""
    with database.write() as session:
        with session.begin_nested(), session.begin_nested():
            _record(session, "kept")
        assert session.scalar(select(func.count()).where(Event.actor == "command")) == 0
        with pytest.raises(LookupError), session.begin_nested():
            with session.begin_nested():
                _record(session, "undone")
            raise LookupError
        _record(session, "last")
    assert _actions(database) == ["kept", "last"]


def test_a_session_may_be_used_again(database: Database) -> None:
    """A session's next transaction writes its own events and no others."""
    with Session(database.writer) as session:
        _record(session, "first")
        session.commit()
        _record(session, "undone")
        session.rollback()
        _record(session, "left")
        session.close()
        _record(session, "second")
        session.commit()
    assert _actions(database) == ["first", "second"]


def test_what_will_be_written_has_happened(database: Database) -> None:
    """A transaction sees what it has told itself, and after its end everybody does."""
    with database.write() as session:
        assert not service.happened(session, "a")
        _record(session, "a")
        assert service.happened(session, "a")
    with database.read() as session:
        assert service.happened(session, "a")


def test_an_event_takes_three_statements(database: Database) -> None:
    """An event of a chain that is there costs a booking three statements."""
    statements: list[str] = []
    with database.write() as session:
        _record(session, "first", DOCTORS[0])
    with database.write() as session:
        session.connection()
        listening.listen(
            database.writer, "before_cursor_execute", lambda *it: statements.append(it[2])
        )
        _record(session, "second", DOCTORS[0])
    assert len(statements) == 3


def test_many_events_are_written_in_few_statements(database: Database) -> None:
    """More events than one statement takes are all written, each in its place."""
    about = [About(DOCTORS[n % 8], UUID(int=n), UUID(int=n)) for n in range(1, 1201)]
    with database.write() as session:
        service.record_each(
            session, "a", actor="command", about=about, data={about[3][1]: {"x": 1}}
        )
    with database.read() as session:
        events = session.scalars(select(Event).where(Event.action == "a").order_by(Event.number))
        found = [(it.appointment_id, it.patient_id, it.data) for it in events]
        length = session.scalars(select(EventChain.length).where(EventChain.id == DOCTORS[1])).one()
    assert [it[0] for it in found] == [it.appointment_id for it in about]
    assert found[3] == (about[3].appointment_id, about[3].patient_id, {"x": 1})
    assert length == 150


def _often(database: Database, ready: Barrier, doctors: list[UUID]) -> None:
    for _ in range(20):
        ready.wait()
        with database.write() as session:
            for doctor_id in doctors:
                _record(session, "a", doctor_id)


def test_nobody_locks_another_out(database: Database) -> None:
    """Transactions about the same new and old chains, in any order, all end well."""
    orders = [DOCTORS, DOCTORS[::-1], DOCTORS[2:3], DOCTORS[4:] + DOCTORS[:4]]
    ready = Barrier(len(orders), timeout=30)
    with ThreadPoolExecutor() as pool:
        for each in [pool.submit(_often, database, ready, order) for order in orders]:
            each.result()
    with database.read() as session:
        lengths = {head.id: head.length for head in session.scalars(select(EventChain))}
        counts = select(Event.chain, func.count(), func.max(Event.link)).group_by(Event.chain)
        for chain, count, last in session.execute(counts):
            assert lengths[chain] == count == last


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_another_doctors_chain_is_free(database: Database) -> None:
    """While a transaction has a doctor's chain, those of other doctors go on; SQLite has one."""
    with database.write() as session:
        _record(session, "waiting", DOCTORS[0])
        session.dispatch.before_commit(session)
        with database.write() as other:
            _record(other, "going on", DOCTORS[1])
    assert sorted(_actions(database)) == ["going on", "waiting"]

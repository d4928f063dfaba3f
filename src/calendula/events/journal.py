"""Events are kept with the session, and written where its transaction ends.

So the heads of their chains are locked as late as can be, behind every other lock, and in one
order: nobody waits for the end of a long transaction before it comes, and no two lock each other
out.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, bindparam, event, select
from sqlalchemy.orm import Session, SessionTransaction

from calendula import metrics
from calendula.database import batches, hint, insert_unless_conflict, next_number, take_numbers
from calendula.database.rows import insert_all, update_all
from calendula.events import chain, topics
from calendula.events.chain import Entry, Head
from calendula.events.models import Event, EventChain

_KEPT = "events"  # in the session's info
_WRITTEN = "written events"

_heads = cast("Table", EventChain.__table__)
_events = cast("Table", Event.__table__)


class _Kept(NamedTuple):
    """An event, and the transactions that it was recorded in: savepoints, and at last the whole."""

    entry: Entry
    within: tuple[SessionTransaction, ...]


def keep(session: Session, entries: Iterable[Entry]) -> None:
    """Keep events until the session's transaction is committed, which writes them.

    With a savepoint that is rolled back, what was recorded in it is forgotten.
    """
    inmost = session.get_nested_transaction() or session.get_transaction() or session.begin()
    within = [inmost]
    while (parent := within[-1].parent) is not None:
        within.append(parent)
    kept: list[_Kept] = session.info.setdefault(_KEPT, [])
    kept.extend(_Kept(entry, tuple(within)) for entry in entries)


def kept(session: Session) -> list[Entry]:
    """Return the events that the session's transaction will write."""
    whole = session.get_transaction()
    return [it.entry for it in session.info.get(_KEPT, ()) if it.within[-1] is whole]


@event.listens_for(Session, "before_commit")
def _write_kept(session: Session) -> None:
    if not session.in_nested_transaction():  # a savepoint is released: that is no end
        write(session)


def write(session: Session) -> None:
    """Write the events that are kept, and hint at them."""
    entries = kept(session)
    session.info.pop(_KEPT, None)
    if entries:
        session.flush()
        _write(session, entries)
        session.info.setdefault(_WRITTEN, []).extend(entry.action for entry in entries)
        hint(session, topics.of(entries))


@event.listens_for(Session, "after_commit")
def _count_written(session: Session) -> None:
    if not session.in_nested_transaction():
        metrics.committed(session.info.pop(_WRITTEN, ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, undone: SessionTransaction) -> None:
    if _KEPT in session.info:
        session.info[_KEPT] = [it for it in session.info[_KEPT] if undone not in it.within]


def _write(session: Session, entries: Sequence[Entry]) -> None:
    if len(entries) == 1:
        heads, numbers = _open_one(session, entries[0].chain)
    else:
        heads = _open(session, sorted({entry.chain for entry in entries}))
        numbers = take_numbers(session, Event.number, len(entries))
    for rows in batches(chain.extend(heads, numbers, entries)):
        insert_all(session, _events, rows)
    moved = [{"id": it, "length": head.length, "hash": head.hash} for it, head in heads.items()]
    for rows in batches(moved):
        update_all(session, _heads, rows)


def _open_one(session: Session, one: UUID) -> tuple[dict[UUID, Head], list[int]]:
    """Lock the head of a chain and take a number then, in one statement: most bookings' way."""
    query = _head_and_number(next_number(session, Event.number))
    connection = session.connection()
    found = connection.execute(query, {"one": one}).first()
    if found is None:
        _make_heads(session, [one])
        found = connection.execute(query, {"one": one}).one()
    length, last, number = found
    return {one: Head(length, last)}, [number]


@cache
def _head_and_number(number: ColumnElement[int]) -> Select[Any]:
    """Return the query. What stands around a locking subquery is computed behind the lock."""
    locked = select(_heads.c.length, _heads.c.hash).where(_heads.c.id == bindparam("one"))
    head = locked.with_for_update().subquery()
    return select(head.c.length, head.c.hash, number)


def _open(session: Session, chains: Sequence[UUID]) -> dict[UUID, Head]:
    """Lock the heads of chains, given in ascending order: so two of these wait, and do not clash.

    One that is missing is made then. That is out of order, and rare: a doctor's chain begins where
    the doctor is added.
    """
    heads: dict[UUID, Head] = {}
    for batch in batches(chains):
        heads |= _lock(session, batch)
        if missing := [it for it in batch if it not in heads]:
            _make_heads(session, missing)
            heads |= _lock(session, missing)
    return heads


def _lock(session: Session, chains: Sequence[UUID]) -> dict[UUID, Head]:
    rows = session.connection().execute(_locking(), {"chains": chains})
    return {one: Head(length, last) for one, length, last in rows}


@cache
def _locking() -> Select[Any]:
    those = _heads.c.id.in_(bindparam("chains", expanding=True))
    heads = select(_heads.c.id, _heads.c.length, _heads.c.hash).where(those)
    return heads.order_by(_heads.c.id).with_for_update()


def _make_heads(session: Session, chains: Sequence[UUID]) -> None:
    rows = [{"id": it, "length": 0, "hash": chain.BEGINNING} for it in chains]
    session.execute(insert_unless_conflict(session, EventChain).values(rows))

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeVar

from sqlalchemy.dialects.postgresql import Insert as PostgreSQLInsert
from sqlalchemy.dialects.sqlite import Insert as SQLiteInsert
from sqlalchemy.orm import DeclarativeBase, Session

_T = TypeVar("_T")
_AT_ONCE = 500  # rows in one statement: both databases limit its parameters


def batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Return items in parts of which each fits into one statement."""
    return (items[n : n + _AT_ONCE] for n in range(0, len(items), _AT_ONCE))


def insert_unless_conflict(
    session: Session, table: type[DeclarativeBase]
) -> PostgreSQLInsert | SQLiteInsert:
    """Return an INSERT that does nothing where a unique or exclusion constraint stands against it.

    With `RETURNING`, no row means that somebody else was first. It waits for a transaction that has
    inserted such a row and not ended yet, and takes no deadlock where a plain INSERT would.
    """
    embedded = session.get_bind().dialect.name == "sqlite"
    return _insert(SQLiteInsert if embedded else PostgreSQLInsert, table)


@cache
def _insert(
    insert: type[PostgreSQLInsert | SQLiteInsert], table: type[DeclarativeBase]
) -> PostgreSQLInsert | SQLiteInsert:
    """Return the statement, the same object each time: whoever builds on it can keep that too."""
    return insert(table).on_conflict_do_nothing()

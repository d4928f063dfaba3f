"""The numbers of a log: handed out so that nobody who reads on from a number misses a row."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

_NO_END = 2**63 - 1

Numbers = InstrumentedAttribute[int]
"""The column of the numbers. Its table has two functions in PostgreSQL: see the migrations."""


def next_number(session: Session, column: Numbers) -> ColumnElement[int]:
    """Return the SQL expression that takes the next number of a log."""
    return _next(column, embedded=_is_sqlite(session))


def take_numbers(session: Session, column: Numbers, count: int) -> list[int]:
    """Take the next numbers of a log, in ascending order."""
    embedded = _is_sqlite(session)
    connection = session.connection()
    taken = connection.scalars(_taking(column, embedded=embedded), {"count": count}).all()
    return list(range(taken[0], taken[0] + count)) if embedded else sorted(taken)


def settled(session: Session, column: Numbers) -> int:
    """Return a number up to which there will be no other rows in a log than there are now.

    On PostgreSQL a transaction may still be open that has taken a number below one that was
    committed since: it counts as long as it is open. Read the rows in a statement after this one.
    SQLite has one writer at a time, so there is no end.
    """
    if _is_sqlite(session):
        return _NO_END
    number: int = session.connection().scalars(_settled(column)).one()
    return number


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


@cache
def _next(column: Numbers, *, embedded: bool) -> ColumnElement[int]:
    """Return the expression, the same object each time: whoever builds on it can keep that too."""
    if embedded:
        return select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
    return _function(column, "number")


@cache
def _taking(column: Numbers, *, embedded: bool) -> Select[int]:
    """Return the query of numbers: of SQLite the first, whose one writer has those behind it."""
    query = select(_next(column, embedded=embedded))
    if embedded:
        return query
    return query.select_from(func.generate_series(1, bindparam("count")).table_valued("count"))


@cache
def _settled(column: Numbers) -> Select[int]:
    return select(_function(column, "settled"))


def _function(column: Numbers, name: str) -> ColumnElement[Any]:
    function = getattr(func, f"{column.class_.__tablename__}_{name}")
    return function(type_=column.type)  # type: ignore[no-any-return]

"""Many rows in one parameter: a statement about them is the same text however many they are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    Dialect,
    FromClause,
    Insert,
    LargeBinary,
    String,
    Table,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

_PARAMETER = "rows"
_Encode = Callable[[Any], Any]


class Rows:
    """The columns of rows that come with a statement instead of from a table.

    They travel as one JSON text. Keep one of these for as long as the service runs: a statement
    that is built on it is compiled once.
    """

    def __init__(self, **columns: TypeEngine[Any]) -> None:
        self._columns = columns
        self._encoders: dict[str, list[tuple[str, _Encode]]] = {}

    def table(self, session: Session) -> FromClause:
        """Return what stands for the rows in a statement, each column by its name."""
        embedded = session.get_bind().dialect.name == "sqlite"
        return self.in_sqlite if embedded else self.in_postgresql

    def parameter(self, session: Session, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Return rows as the parameter that the statement takes; each has every column."""
        encoders = self._encoders_for(session.get_bind().dialect)
        encoded = [
            {**row, **{name: encode(row[name]) for name, encode in encoders}} for row in rows
        ]
        return {_PARAMETER: to_json(encoded).decode()}

    @cached_property
    def in_sqlite(self) -> FromClause:
        """What stands for the rows in SQLite: taken apart once, not at each use of a column."""
        each = func.json_each(bindparam(_PARAMETER, type_=String)).table_valued(
            "value", name="each"
        )
        return (
            select(
                *(
                    type_coerce(func.json_extract(each.c.value, f"$.{name}"), type_).label(name)
                    for name, type_ in self._columns.items()
                )
            )
            .cte("given")
            .prefix_with("MATERIALIZED")
        )

    @cached_property
    def in_postgresql(self) -> FromClause:
        """What stands for the rows in PostgreSQL."""
        columns = [column(name, type_) for name, type_ in self._columns.items()]
        rows = cast(bindparam(_PARAMETER, type_=String), JSON)
        table = func.json_to_recordset(rows).table_valued(*columns, name="given")
        return table.render_derived(with_types=True)

    def _encoders_for(self, dialect: Dialect) -> list[tuple[str, _Encode]]:
        if dialect.name not in self._encoders:
            all_ = ((name, _encoder(type_, dialect)) for name, type_ in self._columns.items())
            self._encoders[dialect.name] = [(name, encode) for name, encode in all_ if encode]
        return self._encoders[dialect.name]


def insert_all(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same columns, in their order."""
    if not rows:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":  # it is in this process: a statement a row costs little
        connection.execute(_inserting(table), rows)
    else:
        given, statement = _inserting_all(table, tuple(rows[0]))
        connection.execute(statement, given.parameter(session, rows))


def update_all(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let the rows of a table be these, which have the same columns, by their `id`."""
    if not rows:
        return
    connection = session.connection()
    columns = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        renamed = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(_updating(table, columns), renamed)
    else:
        given, statement = _updating_all(table, columns)
        connection.execute(statement, given.parameter(session, rows))


@cache
def _inserting(table: Table) -> Insert:
    return insert(table).inline()


@cache
def _inserting_all(table: Table, columns: tuple[str, ...]) -> tuple[Rows, Insert]:
    given = _given(table, columns)
    return given, insert(table).from_select(columns, select(*given.in_postgresql.c)).inline()


@cache
def _updating(table: Table, columns: tuple[str, ...]) -> Update:
    values: Any = {name: bindparam(f"new_{name}") for name in columns if name != "id"}
    return update(table).where(table.c.id == bindparam("new_id")).values(values)


@cache
def _updating_all(table: Table, columns: tuple[str, ...]) -> tuple[Rows, Update]:
    given = _given(table, columns)
    new = given.in_postgresql.c
    values = {name: new[name] for name in columns if name != "id"}
    return given, update(table).where(table.c.id == new.id).values(values)


def _given(table: Table, columns: Iterable[str]) -> Rows:
    return Rows(**{name: table.c[name].type for name in columns})


def _encoder(type_: TypeEngine[Any], dialect: Dialect) -> _Encode | None:
    """Return what makes of a value what JSON can say, and the database reads as the value.

    It is None where a value is written so anyway: PostgreSQL reads dates, instants and identifiers
    as everybody writes them, and SQLite has forms of its own. What a type of ours refuses, it
    refuses here too.
    """
    if isinstance(type_, LargeBinary):
        return _hexadecimal
    if isinstance(type_, JSON):
        return None
    if dialect.name == "sqlite":
        return type_.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(type_, TypeDecorator):
        return partial(type_.process_bind_param, dialect=dialect)
    return None


def _hexadecimal(value: bytes) -> str:
    return rf"\x{value.hex()}"

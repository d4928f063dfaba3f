"""Long lists, a page at a time. A cursor says behind which row to go on, so nothing is skipped."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, TypeAdapter, WithJsonSchema
from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from calendula.errors import Invalid
from calendula.http.fields import whole_number

_MOST = 200
_INTEGERS = 2**63
_TEXTS = TypeAdapter(list[str])

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next: str | None = Field(description="`cursor` of the next page; null where this is the last.")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Return the name of the schema of a page."""
        return f"{params[0].__name__}Page"


class Rows(NamedTuple, Generic[Item]):
    """The rows of a page, and the cursor of the next one if there are more."""

    rows: Sequence[Item]
    next: str | None


def page(
    session: Session,
    query: Select[Item],
    columns: Sequence[InstrumentedAttribute[Any]],
    cursor: str | None,
    limit: int,
) -> Rows[Item]:
    """Return up to `limit` objects of a query behind a cursor, in ascending order of the columns.

    The columns are the object's own and never null, and the last one is unique. Raises Invalid
    where the cursor is not one that this list has given out.
    """
    if cursor is not None:
        values = read_cursor(cursor, *(column.type.python_type for column in columns))
        here = (literal(value, column.type) for value, column in zip(values, columns, strict=True))
        query = query.where(tuple_(*columns) > tuple_(*here))
    found = session.scalars(query.order_by(*columns).limit(limit + 1)).all()
    rows = found[:limit]
    return Rows(rows, _write(rows[-1], columns) if len(found) > limit else None)


def cursor_behind(*values: object) -> str:
    """Return the cursor of what comes behind a row of these values, those that a list goes by."""
    texts = [str(value) for value in values]
    return urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *types: type) -> list[Any]:
    """Return the values of a cursor, of these types, and such as the database can take.

    Raises Invalid where it is none of such values, or is not written as it was given out.
    """
    with suppress(ValueError, OverflowError):
        texts = _TEXTS.validate_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_PARSERS[type_](text) for text, type_ in zip(texts, types, strict=True)]
        if cursor_behind(*values) == cursor:
            return values
    raise Invalid("cursor is not one of this list.")


def _write(row: object, columns: Sequence[InstrumentedAttribute[Any]]) -> str:
    return cursor_behind(*(getattr(row, column.key) for column in columns))


def _text(text: str) -> str:
    if "\0" in text:  # PostgreSQL has no place for it
        raise ValueError
    return text


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError
    return instant.astimezone(UTC)


def _integer(text: str) -> int:
    if abs(number := int(text)) >= _INTEGERS:
        raise ValueError
    return number


_PARSERS: Mapping[type, Callable[[str], object]] = {
    UUID: UUID,
    datetime: _instant,
    date: date.fromisoformat,
    int: _integer,
    str: _text,
}


Cursor = Annotated[str | None, Query(description="`next` of the page before.")]
Limit = Annotated[
    int,
    whole_number(1, _MOST),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": _MOST}),
    Query(description="How many to give at most."),
]

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Uuid
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

_REMEMBERED = 16_384


@lru_cache(maxsize=_REMEMBERED)
def _written(instant: datetime | None) -> str | None:
    """Return an instant of UTC as SQLite has it; the same come again and again."""
    return None if instant is None else instant.replace(tzinfo=None).isoformat(" ", "microseconds")


class _SQLiteInstant(sqlite.DATETIME):
    """An instant of UTC, written as SQLAlchemy does, for a fraction of what that takes."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return _written


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored in UTC: `timestamptz` in PostgreSQL, UTC text in SQLite.

    A naive datetime raises ValueError: nobody can know which instant it means.
    """

    impl = DateTime(timezone=True).with_variant(_SQLiteInstant(), "sqlite")  # type: ignore[no-untyped-call]
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What it is in the code; SQLAlchemy's decorators do not say by themselves."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the database the instant in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is no instant")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the service an aware instant: SQLite's text has lost the zone, which is UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


Id = Uuid(as_uuid=True)
"""An identifier that is shown outside: UUIDv7, so that new rows sit together in an index."""

Number = BigInteger().with_variant(Integer, "sqlite")
"""A number that the database hands out; SQLite does so for INTEGER alone."""

Json = JSON(none_as_null=True)
"""A JSON object as it was given, to the order of its members; None is NULL."""

JsonObject = dict[str, Any]

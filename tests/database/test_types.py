from datetime import UTC, datetime

import pytest
from sqlalchemy.dialects import sqlite

from calendula.database import Instant


@pytest.mark.parametrize(
    "instant",
    [
        None,
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(2099, 2, 6, 7, 8, 9, 10, tzinfo=UTC),
        datetime(2099, 2, 6, tzinfo=UTC),
        datetime.fromisoformat("2099-02-06T00:30:00+05:30"),
    ],
    ids=str,
)
def test_an_instant_is_written_as_ever(instant: datetime | None) -> None:
    """In SQLite in the form in which SQLAlchemy writes it, and every clinic has it already."""
    dialect = sqlite.dialect()
    ours = Instant().dialect_impl(dialect).bind_processor(dialect)
    theirs = sqlite.DATETIME().bind_processor(dialect)  # type: ignore[no-untyped-call]
    assert ours is not None
    assert theirs is not None
    for _ in range(2):
        assert ours(instant) == theirs(instant and instant.astimezone(UTC))

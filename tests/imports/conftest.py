from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from calendula.access.models import ApiKey
from calendula.database import Base, Database
from calendula.imports import files, service
from calendula.imports.files import Kind
from calendula.imports.report import ImportRefused, RowReport
from support import tables

Rows = Sequence[Mapping[str, Any]]
Import = Callable[..., list[RowReport]]


@pytest.fixture
def run(database: Database) -> Import:
    """Imports rows, as CSV unless told otherwise, and gives the report of each."""

    def run(*rows: Mapping[str, Any], kind: Kind = Kind.CSV, dry_run: bool = False) -> Any:
        content = tables.csv_of(rows) if kind is Kind.CSV else tables.xlsx_of(rows)
        read = files.read(content, kind)
        with database.write(dry_run=dry_run) as session:
            return service.run(session, read, actor="command", time_zone="Asia/Kolkata")

    return run


@pytest.fixture
def refused(run: Import, counts: Callable[[], Any]) -> Import:
    """Imports rows that are to be refused, sees that no table has changed, and gives the report."""

    def refused(*rows: Mapping[str, Any], **other: Any) -> Any:
        before = counts()
        with pytest.raises(ImportRefused) as caught:
            run(*rows, **other)
        assert counts() == before
        return caught.value.rows

    return refused


@pytest.fixture
def counts(database: Database) -> Callable[[], dict[str, int]]:
    """Counts the rows of every table, but for the keys by which a test calls."""

    def counts() -> dict[str, int]:
        tables_of_ours = set(Base.metadata.tables.values()) - {ApiKey.__table__}
        with database.read() as session:
            return {
                table.name: session.scalars(select(func.count()).select_from(table)).one()
                for table in tables_of_ours
            }

    return counts

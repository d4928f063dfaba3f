"""Tables of doctors and appointments are read as they were written; see `test_parsers.py`."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendula.imports import files
from calendula.imports.files import Kind
from calendula.imports.records import COLUMNS
from calendula.imports.table import Unreadable
from fuzz.mistyped import damaged
from support.tables import csv_of, xlsx_of

_ROWS = st.lists(
    st.fixed_dictionaries({}, optional={name: st.text(max_size=20) for name in COLUMNS}),
    max_size=5,
)


def _cells(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    stripped = [{name: cell.strip() for name, cell in row.items()} for row in rows]
    return [cells for row in stripped if (cells := {name: it for name, it in row.items() if it})]


@pytest.mark.parametrize(("kind", "write"), [(Kind.CSV, csv_of), (Kind.XLSX, xlsx_of)])
@given(rows=_ROWS)
def test_a_table_is_read_as_it_was_written(
    kind: Kind, write: Callable[[Any], bytes], rows: list[dict[str, str]]
) -> None:
    """The rows of a file are those that were written into it, whatever their cells hold."""
    wanted = _cells(rows)
    try:
        read = files.read(write(rows), kind)
    except Unreadable:
        held = "".join(cell for row in rows for cell in row.values())
        assert not wanted or "\0" in held or "\r" in held
        return
    assert [dict(row.cells) for row in read] == wanted


@pytest.mark.parametrize(("kind", "write"), [(Kind.CSV, csv_of), (Kind.XLSX, xlsx_of)])
@given(data=st.data())
def test_a_damaged_table_is_refused(
    kind: Kind, write: Callable[[Any], bytes], data: st.DataObject
) -> None:
    """Any bytes at all are a table, or a sentence says why not."""
    whole = st.just(write([{"record": "doctor", "doctor": "Dr. Ada", "specialty": "Surgery"}]))
    try:
        rows = files.read(data.draw(damaged(whole)), kind)
    except Unreadable:
        return
    assert all(set(row.cells) <= set(COLUMNS) for row in rows)

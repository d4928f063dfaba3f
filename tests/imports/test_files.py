from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendula.imports import files, lines
from calendula.imports.files import Kind
from calendula.imports.table import MAX_FILE, Unreadable
from support import tables

HEAD = b"record,doctor,date,time_slot,patient_id,patient_name\n"
XLSX = tables.xlsx_of([tables.DOCTOR, tables.HOURS, tables.APPOINTMENT])
_TEXT = st.text(max_size=30)


def _try(content: bytes, kind: Kind) -> None:
    """See that a file is read, or refused as a whole or by its rows, and nothing else."""
    try:
        rows = files.read(content, kind)
    except Unreadable:
        return
    lines.check(rows)


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No bytes, as either kind of file, raise anything but the one error."""
    _try(content, Kind.CSV)
    _try(HEAD + content, Kind.CSV)
    _try(content, Kind.XLSX)


@given(st.integers(0, len(XLSX) - 1), st.binary(min_size=1, max_size=20))
def test_any_damage_to_a_workbook_is_read_or_refused(place: int, other: bytes) -> None:
    """A workbook with some bytes changed raises nothing but the one error."""
    _try(XLSX[:place] + other + XLSX[place + len(other) :], Kind.XLSX)


@given(st.lists(st.dictionaries(st.sampled_from([*tables.APPOINTMENT]), _TEXT), max_size=5))
def test_any_texts_are_rows(rows: list[dict[str, str]]) -> None:
    """Whatever stands in the cells, the rows are read or at fault."""
    words = ({**row, "record": "appointment"} for row in rows)
    text = [
        {name: value.encode(errors="ignore").decode() for name, value in it.items()} for it in words
    ]
    _try(tables.csv_of(text), Kind.CSV)


@pytest.mark.parametrize(("name", "kind"), [("a.csv", Kind.CSV), ("A.B.XLSX", Kind.XLSX)])
def test_a_name_says_the_kind(name: str, kind: Kind) -> None:
    """A file is known by the end of its name."""
    assert files.kind_of(name) is kind


def test_a_file_may_not_be_endless() -> None:
    """What is over 16 MiB is not even looked at."""
    with pytest.raises(Unreadable, match="at most 16 MiB"):
        files.read(b" " * (MAX_FILE + 1), Kind.CSV)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_both_kinds_say_the_same(delimiter: str) -> None:
    """The same table gives the same rows, whichever kind of file it is in."""
    rows: list[dict[str, Any]] = [tables.DOCTOR, {}, tables.HOURS, tables.APPOINTMENT]
    read = files.read(tables.csv_of(rows, delimiter), Kind.CSV)
    assert read == files.read(tables.xlsx_of(rows), Kind.XLSX)
    assert [row.number for row in read] == [2, 4, 5]

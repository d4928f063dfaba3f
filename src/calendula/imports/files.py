"""The two kinds of file that hold a table, and how each is recognised."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from calendula.imports import csv_file, table, xlsx_file
from calendula.imports.records import COLUMNS
from calendula.imports.table import Row, Unreadable


class Kind(StrEnum):
    """The kinds of file, by the ending of their names."""

    CSV = ".csv"
    XLSX = ".xlsx"


MEDIA_TYPES = {
    "text/csv": Kind.CSV,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Kind.XLSX,
}

_LINES: dict[Kind, Callable[[bytes], Iterator[list[str]]]] = {
    Kind.CSV: csv_file.lines,
    Kind.XLSX: xlsx_file.lines,
}


def kind_of(name: str) -> Kind:
    """Return the kind of a file of this name; raise ValueError where it is another."""
    for kind in Kind:
        if name.lower().endswith(kind):
            return kind
    raise ValueError(f"must end in {' or '.join(Kind)}")


def read(content: bytes, kind: Kind) -> list[Row]:
    """Return the rows of a file. Raises Unreadable with a sentence that quotes nothing of it."""
    if len(content) > table.MAX_FILE:
        raise Unreadable(f"The file must have at most {table.MAX_FILE // 1024**2} MiB.")
    return table.rows_of(_LINES[kind](content), COLUMNS)

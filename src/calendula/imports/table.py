"""The table that is imported, whatever kind of file it came in. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from calendula.errors import Invalid

MAX_ROWS = 100_000
"""Beside the header."""
MAX_COLUMNS = 50
MAX_CELL = 1_000
"""Characters."""
MAX_FILE = 16 * 1024 * 1024
"""Bytes."""


class Unreadable(Invalid):
    """The file is no table of ours; the detail says why, and quotes nothing of it."""

    code = "import-unreadable"


class Row(NamedTuple):
    """A row that holds something."""

    number: int
    """As a spreadsheet shows it: the header is row 1."""
    cells: Mapping[str, str]
    """What is not blank, by the names of the columns."""
    surplus: bool
    """Whether it has cells beyond the header's."""


def too_many_rows() -> Unreadable:
    """Return the error of a table that is too long."""
    return Unreadable(f"The table must have at most {MAX_ROWS:,} rows.")


def too_many_columns() -> Unreadable:
    """Return the error of a table that is too wide."""
    return Unreadable(f"The table must have at most {MAX_COLUMNS} columns.")


def too_long_cell() -> Unreadable:
    """Return the error of a table that holds a text without end."""
    return Unreadable(f"A cell must have at most {MAX_CELL:,} characters.")


def rows_of(lines: Iterable[Sequence[str]], known: Collection[str]) -> list[Row]:
    """Return the rows of a table, the lines of which begin with the header.

    Blank rows are left out, and counted. `known` are the columns that there may be, in any order.
    Raises Unreadable.
    """
    checked = map(_checked, lines)
    header = _header(next(checked, []), known)
    rows = list(_rows(checked, header))
    if not rows:
        raise Unreadable("The table has no rows below its header.")
    return rows


def _checked(line: Sequence[str]) -> list[str]:
    """Return the cells of a line without white space around them and blank ones at the end."""
    cells = [cell.strip() for cell in line]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise too_many_columns()
    if any(len(cell) > MAX_CELL for cell in cells):
        raise too_long_cell()
    if any("\0" in cell for cell in cells):  # PostgreSQL has no place for it
        raise Unreadable("The table must not hold a NUL.")
    return cells


def _header(cells: Sequence[str], known: Collection[str]) -> list[str]:
    names = [cell.lower() for cell in cells]
    if not names:
        raise Unreadable("The first row must name the columns.")
    if not set(names) <= set(known):
        raise Unreadable(f"The table must have no columns but {', '.join(known)}.")
    if len(set(names)) < len(names):
        raise Unreadable("A column is there twice.")
    return names


def _rows(lines: Iterable[Sequence[str]], header: Sequence[str]) -> Iterator[Row]:
    for number, cells in enumerate(lines, start=2):
        if number > MAX_ROWS + 1:
            raise too_many_rows()
        if cells:
            named = zip(header, cells, strict=False)
            said = {name: cell for name, cell in named if cell}
            yield Row(number, said, surplus=len(cells) > len(header))

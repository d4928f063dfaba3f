import pytest

from calendula.imports import table
from calendula.imports.table import Row, Unreadable

KNOWN = ("record", "doctor", "date")


def _rows(*lines: list[str]) -> list[Row]:
    return table.rows_of(lines, KNOWN)


def test_columns_come_in_any_order() -> None:
    """The header says which column is which, in any case and with white space around it."""
    (row,) = _rows([" Date ", "RECORD"], ["2030-01-07", " hours "])
    assert row == Row(2, {"date": "2030-01-07", "record": "hours"}, surplus=False)


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    """The header is row 1, and blank rows count though they say nothing."""
    rows = _rows(["record"], ["a"], [], ["", " "], ["b", ""])
    assert [(row.number, row.cells) for row in rows] == [(2, {"record": "a"}), (5, {"record": "b"})]


def test_a_cell_beyond_the_header_is_told() -> None:
    """A cell in a column without a name is not lost without a word."""
    assert [row.surplus for row in _rows(["record"], ["a", "b"], ["a", " "])] == [True, False]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "must name the columns"),
        ([[], ["a"]], "must name the columns"),
        ([["record"]], "no rows below"),
        ([["record"], ["", ""]], "no rows below"),
        ([["record", "Zanzibar"], ["a"]], "no columns but record, doctor, date"),
        ([["record", "", "date"], ["a"]], "no columns but"),
        ([["record", "Record"], ["a"]], "there twice"),
        ([["record"], ["a"] * 51], "at most 50 columns"),
        ([["record"], ["a" * 1001]], "at most 1,000 characters"),
        ([["record"], ["a\0"]], "NUL"),
        ([["record"], *([["a"]] * 100_001)], "at most 100,000 rows"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_what_is_no_table_of_ours_is_refused(lines: list[list[str]], words: str) -> None:
    """A header that is not the template's, or too much of anything, is one sentence."""
    with pytest.raises(Unreadable) as caught:
        _rows(*lines)
    assert words in caught.value.detail
    assert "Zanzibar" not in caught.value.detail


def test_as_much_as_allowed_is_read() -> None:
    """The limits themselves are within the limits."""
    assert len(_rows(["record"], *([["a" * 1000]] * 100_000))) == 100_000

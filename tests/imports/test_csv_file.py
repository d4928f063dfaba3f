import pytest

from calendula.imports import csv_file
from calendula.imports.table import Unreadable


@pytest.mark.parametrize(
    "content",
    [
        b"record,doctor\nhours,Dr. A\n",
        b"record;doctor\nhours;Dr. A\n",
        b"\xef\xbb\xbfrecord,doctor\r\nhours,Dr. A\r\n",
        b'"record","doctor"\n"hours","Dr. A"',
    ],
    ids=["commas", "semicolons", "byte order mark", "quotes"],
)
def test_what_spreadsheets_write_is_read(content: bytes) -> None:
    """Commas or semicolons, with or without a byte order mark, any line ends, quotes."""
    assert list(csv_file.lines(content)) == [["record", "doctor"], ["hours", "Dr. A"]]


def test_a_quoted_line_break_is_one_row() -> None:
    """A row is what a spreadsheet shows as one, whatever is in its cells."""
    assert list(csv_file.lines(b'a,b\n"1\n2","3,"\n\n4')) == [["a", "b"], ["1\n2", "3,"], [], ["4"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("Zanzibär".encode("latin-1"), "UTF-8"),
        ("Zanzibar".encode("utf-16"), "UTF-8"),
        (b"Zanzibar\xed\xa0\x80", "UTF-8"),
        (b'a\n"Zanzibar', "CSV"),
        (b'a\n"Zanzibar"x', "CSV"),
        (b"a\n" + b"Zanzibar" * 20_000, "CSV"),
    ],
    ids=["latin-1", "UTF-16", "lone surrogate", "open quote", "after a quote", "endless"],
)
def test_what_cannot_be_read_is_refused(content: bytes, words: str) -> None:
    """What is not CSV in UTF-8 is one sentence that quotes nothing of it."""
    with pytest.raises(Unreadable) as caught:
        list(csv_file.lines(content))
    assert words in caught.value.detail
    assert "Zanzibar" not in caught.value.detail

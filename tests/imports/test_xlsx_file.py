from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from calendula.imports import xlsx_file
from calendula.imports.table import Unreadable
from support import tables


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Dr. A", "Dr. A"),
        (30, "30"),
        (1.5, "1.5"),
        (2**53, "9007199254740992"),
        (date(2030, 1, 7), "2030-01-07"),
        (datetime(2030, 1, 7, 9, 30), "2030-01-07 09:30:00"),  # noqa: DTZ001 - a cell has no zone
        (time(9, 5), "09:05"),
        (time(9, 5, 30), "09:05:30"),
        (timedelta(hours=24), "24:00"),
        (timedelta(hours=9, seconds=30), "9:00:30"),
        (True, "True"),
        ("=1+1", "=1+1"),
        (None, ""),
    ],
    ids=str,
)
def test_a_value_is_what_one_would_write(value: Any, text: str) -> None:
    """Numbers, dates and times of a workbook are the texts that a CSV file has for them."""
    lines = list(xlsx_file.lines(tables.sheet([["a", "b"], [value, "end"]])))
    assert lines == [["a", "b"], [text, "end"]]


def test_every_minute_of_the_day_is_itself() -> None:
    """A time, which Excel keeps as a fraction of a day, comes back to the minute."""
    minutes = [time(minute // 60, minute % 60) for minute in range(24 * 60)]
    lines = xlsx_file.lines(tables.sheet([[it] for it in minutes]))
    assert [line[0] for line in lines] == [f"{it:%H:%M}" for it in minutes]


def test_blank_rows_are_counted() -> None:
    """A row between others is a line, though nothing is in it."""
    assert len(list(xlsx_file.lines(tables.sheet([["a"], [], [], ["b"]])))) == 4


def test_the_header_is_in_row_1() -> None:
    """A sheet that begins further down has no header."""
    assert list(xlsx_file.lines(tables.sheet([[], ["a"], ["b"]]))) == []
    assert list(xlsx_file.lines(tables.sheet([]))) == []


@pytest.mark.parametrize("content", [b"", b"PK", b"Zanzibar", b"\xd0\xcf\x11\xe0" * 999])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    """Any other file is one sentence that quotes nothing of it."""
    with pytest.raises(Unreadable) as caught:
        list(xlsx_file.lines(content))
    assert caught.value.detail == "The file is not readable as an Excel workbook (.xlsx)."


def test_a_panic_is_no_failure_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reader itself gives up on a workbook, it is refused as any other broken one."""

    class PanicException(BaseException):
        pass

    class Reader:
        raised: type[BaseException]

        @classmethod
        def from_filelike(cls, _: object) -> None:
            raise cls.raised

    monkeypatch.setattr(xlsx_file, "CalamineWorkbook", Reader)
    content = tables.sheet([["a"]])
    Reader.raised = PanicException
    with pytest.raises(Unreadable):
        list(xlsx_file.lines(content))
    Reader.raised = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        list(xlsx_file.lines(content))

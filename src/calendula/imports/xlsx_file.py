"""The first sheet of an Excel workbook (Office Open XML, ECMA-376), as texts."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from calendula.imports import workbook

_MINUTE = timedelta(minutes=1)


def lines(content: bytes) -> Iterator[list[str]]:
    """Give the lines of the first sheet. Raises Unreadable where there is none."""
    sheet = _first_sheet(workbook.bounded(content))
    if sheet.start is not None and sheet.start[0] == 0:  # else the first row is blank
        yield from ([_text(value) for value in row] for row in sheet.iter_rows())


def _first_sheet(content: bytes) -> CalamineSheet:
    try:
        return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0)
    except CalamineError:
        raise workbook.no_workbook() from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's panic, which is no Exception
            raise
        raise workbook.no_workbook() from None


def _text(value: float | str | date | time | timedelta) -> str:
    """Return the value of a cell as somebody would write it into a CSV file."""
    match value:
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.isoformat(" ")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds" if value.second else "minutes")
        case timedelta():  # of a format like [h]:mm, which alone can show 24:00
            hours, minutes = divmod(value // _MINUTE, 60)
            return f"{hours:02}:{minutes:02}" if value % _MINUTE == timedelta() else str(value)
    return str(value)

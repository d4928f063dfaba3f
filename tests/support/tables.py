"""Files to import, of either kind, from the same rows."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter

DOCTOR = {"record": "doctor", "doctor": "Dr. Ada", "specialty": "Surgery"}
HOURS = {
    "record": "hours",
    "doctor": "Dr. Ada",
    "weekday": "mon",
    "start": "09:00",
    "end": "12:00",
    "slot_minutes": "30",
}
APPOINTMENT = {
    "record": "appointment",
    "doctor": "Dr. Ada",
    "date": "2999-01-07",  # a Monday
    "time_slot": "10:00 AM - 10:30 AM",
    "patient_id": "P-1001",
    "patient_name": "Asha Verma",
}


def csv_of(rows: Sequence[Mapping[str, Any]], delimiter: str = ",") -> bytes:
    """Return a CSV file of rows that are given by their columns' names."""
    text = StringIO()
    writer = csv.DictWriter(text, _columns(rows), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def xlsx_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a workbook of rows that are given by their columns' names; dates become dates."""
    columns = _columns(rows)
    return sheet([columns, *([row.get(name) for name in columns] for row in rows)])


def sheet(lines: Iterable[Sequence[Any]]) -> bytes:
    """Return a workbook whose first sheet has these cells."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        formats = {
            kind: workbook.add_format({"num_format": code})
            for kind, code in (
                (datetime, "yyyy-mm-dd hh:mm"),
                (date, "yyyy-mm-dd"),
                (time, "hh:mm"),
                (timedelta, "[h]:mm"),
            )
        }
        page = workbook.add_worksheet()
        for row, line in enumerate(lines):
            for column, value in enumerate(line):
                if isinstance(value, str):
                    page.write_string(row, column, value)
                elif value is not None:
                    page.write(row, column, value, formats.get(type(value)))
    return content.getvalue()


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))

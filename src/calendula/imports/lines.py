"""The rows that can be read, each with its report."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Generic, NamedTuple, TypeVar

from calendula import names
from calendula.imports import records
from calendula.imports.records import Record
from calendula.imports.report import RowReport
from calendula.imports.table import Row

R = TypeVar("R", bound=Record)


class Line(NamedTuple, Generic[R]):
    """What a row says, and what becomes of it."""

    record: R
    report: RowReport
    doctor_key: str
    """By which the doctor is known (`names.key`)."""


class Checked(NamedTuple):
    """A file whose rows have been checked one by one."""

    reports: list[RowReport]
    """Of each row, in their order."""
    lines: list[Line[Record]]
    """The rows without fault."""
    spoilt: frozenset[str]
    """The keys of the doctors whose own row is at fault."""


def check(rows: Iterable[Row]) -> Checked:
    """Check each row by itself."""
    key = cache(names.key)  # a file has few doctors in many rows
    checked = Checked([], [], frozenset())
    spoilt: set[str] = set()
    for row in rows:
        word = row.cells.get("record")
        report = RowReport(row=row.number, record=word if word in records.KINDS else None)
        checked.reports.append(report)
        record = records.check(row)
        if not isinstance(record, list):
            checked.lines.append(Line(record, report, key(record.doctor)))
            continue
        for fault in record:
            report.fail(fault.field, fault.detail)
        if word == "doctor":
            spoilt.add(key(row.cells.get("doctor", "")))
    return checked._replace(spoilt=frozenset(spoilt))


def of_kind(lines: Iterable[Line[Record]], kind: type[R]) -> Iterator[Line[R]]:
    """Return the lines of one record."""
    return (line for line in lines if isinstance(line.record, kind))  # type: ignore[misc]


def without_fault(lines: Iterable[Line[R]]) -> list[Line[R]]:
    """Return the lines whose rows are not at fault so far."""
    return [line for line in lines if not line.report.errors]

"""Imports a file: all of it, or nothing."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.imports import bookings, hours, lines, staff
from calendula.imports.lines import Checked, Line
from calendula.imports.records import AppointmentRecord, DoctorRecord, HoursRecord
from calendula.imports.report import ImportRefused, RowReport
from calendula.imports.table import Row
from calendula.timetables import service as timetables

Done = Callable[[int], object]
"""Is told how many more rows have been dealt with."""


def run(
    session: Session,
    rows: Sequence[Row],
    *,
    actor: str,
    time_zone: str,
    done: Done = lambda _: None,
) -> list[RowReport]:
    """Import the rows of a file, and return the report of each.

    `actor` is who imports, as the event log calls them; `time_zone` is that of new doctors who have
    no other. Raises ImportRefused with the reports of all rows where any is at fault: let it end
    the transaction.

    Everybody here takes locks in the order in which a booking does, patients before doctors, and
    the clinic before both as its edits do: so one waits for the other. Only who gives a doctor the
    very name that a file adds, at that moment, may be told that the database does not answer.
    """
    checked = lines.check(rows)
    weeks = hours.by_doctor(lines.of_kind(checked.lines, HoursRecord))
    done(len(checked.reports) - len(checked.lines))
    timetables.hold_clinic(session)
    known = doctors.find_all(session, (line.doctor_key for line in checked.lines))
    named = list(lines.of_kind(checked.lines, DoctorRecord))
    everyone = known | staff.add(session, named, known, actor=actor, time_zone=time_zone)
    done(len(named))
    _find_doctors(checked, everyone)
    booked = lines.without_fault(lines.of_kind(checked.lines, AppointmentRecord))
    people = bookings.identify(session, booked)
    concerned = weeks.keys() | {it.doctor_key for it in booked}
    doctors.lock_all(session, [everyone[key] for key in concerned & everyone.keys()])
    _replace_weeks(session, weeks, known, everyone, actor=actor, done=done)
    bookings.add(session, booked, everyone, people, actor=actor, done=done)
    if any(report.errors for report in checked.reports):
        raise ImportRefused(checked.reports)
    return checked.reports


def _replace_weeks(
    session: Session,
    weeks: Mapping[str, Sequence[Line[HoursRecord]]],
    known: Mapping[str, Doctor],
    everyone: Mapping[str, Doctor],
    *,
    actor: str,
    done: Done,
) -> None:
    for key, week in weeks.items():
        right = lines.without_fault(week)
        if right:
            hours.replace(session, everyone[key], right, actor=actor, new=key not in known)
        done(len(week))


def _find_doctors(checked: Checked, everyone: Mapping[str, Doctor]) -> None:
    """Find fault with the rows of those who are neither known nor in the file."""
    for line in checked.lines:
        if line.doctor_key in everyone or line.report.errors:
            continue
        if line.doctor_key in checked.spoilt:
            line.report.fail("doctor", "has a row of their own that is at fault")
        else:
            line.report.fail("doctor", "must be a doctor of this file or of the clinic")

"""The weeks of a file, each of which replaces a doctor's."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from calendula.clinic import edits
from calendula.clinic.hours import weeks
from calendula.clinic.hours.schemas import MOST_WINDOWS
from calendula.doctors.models import Doctor
from calendula.http.etags import Precondition
from calendula.imports.lines import Line
from calendula.imports.records import HoursRecord
from calendula.imports.report import Outcome
from calendula.timetables import windows as rules
from calendula.timetables.windows import WeeklyWindow


def by_doctor(hours: Iterable[Line[HoursRecord]]) -> dict[str, list[Line[HoursRecord]]]:
    """Return the weeks of a file by the keys of their doctors' names.

    Lines that overlap an earlier one of their week, or are too many, are found at fault.
    """
    found: dict[str, list[Line[HoursRecord]]] = {}
    for line in hours:
        found.setdefault(line.doctor_key, []).append(line)
    for week in found.values():
        _check_apart(week)
    return found


def replace(
    session: Session,
    doctor: Doctor,
    lines: Sequence[Line[HoursRecord]],
    *,
    actor: str,
    new: bool,
) -> None:
    """Let a doctor's week be what the lines say, and tell what it does to appointments.

    `new` is a doctor whom the same import has added. The doctor must be locked.
    """
    edits.begin(session, doctor.id, Precondition())
    week = [it.record.weekly_window() for it in lines]
    effects, _ = weeks.replace(session, doctor, week, actor=actor)
    if not new:
        for line in lines:
            line.report.outcome = Outcome.REPLACED
    if effects.orphaned:
        lines[0].report.warnings.append(
            f"appointments of the doctor that lose their time: {len(effects.orphaned)}"
        )


def _check_apart(lines: Sequence[Line[HoursRecord]]) -> None:
    week: list[tuple[int, WeeklyWindow]] = []
    for line in lines:
        window = line.record.weekly_window()
        if len(week) == MOST_WINDOWS:
            line.report.fail("hours", f"must be at most {MOST_WINDOWS} rows of one doctor")
            continue
        other = next((row for row, it in week if rules.weekly_collision([it, window])), None)
        if other is not None:
            line.report.fail("hours", f"must not overlap row {other}")
        else:
            week.append((line.report.row, window))

"""The doctors of a file: found, or added."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from calendula.doctors.models import Doctor
from calendula.doctors.service import NameConfusable, NameTaken
from calendula.imports.lines import Line
from calendula.imports.records import DoctorRecord
from calendula.imports.report import Outcome
from calendula.timetables import service as timetables


def add(
    session: Session,
    lines: Sequence[Line[DoctorRecord]],
    known: Mapping[str, Doctor],
    *,
    actor: str,
    time_zone: str,
) -> dict[str, Doctor]:
    """Add the doctors who are not known; return all of the lines', by the keys of their names.

    `time_zone` is for those whose line has none. Who is known, or was named before, stays as they
    are.
    """
    found: dict[str, Doctor] = {}
    for line in sorted(lines, key=lambda it: it.doctor_key):  # in one order: two imports wait
        doctor = found.get(line.doctor_key) or known.get(line.doctor_key)
        if doctor is not None:
            _keep(line, doctor)
        else:
            doctor = _add(session, line, actor, line.record.time_zone or time_zone)
        if doctor is not None:
            found[line.doctor_key] = doctor
    return found


def _keep(line: Line[DoctorRecord], doctor: Doctor) -> None:
    line.report.outcome = Outcome.KEPT
    for name in "specialty", "time_zone":
        said = getattr(line.record, name)
        if said is not None and said != getattr(doctor, name):
            line.report.warnings.append(f"{name} is another one here, which stays")


def _add(session: Session, line: Line[DoctorRecord], actor: str, time_zone: str) -> Doctor | None:
    record = line.record
    try:
        return timetables.add_doctor(
            session, record.doctor, time_zone=time_zone, specialty=record.specialty, actor=actor
        )
    except NameTaken:
        line.report.fail("doctor", "was added by somebody else just now: try again")
    except NameConfusable:
        line.report.fail("doctor", "looks like the name of another doctor")
    return None

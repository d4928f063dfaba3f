"""The edit that replaces a doctor's week, over the wire or from a file."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from calendula.appointments.orphans import Effects
from calendula.clinic import edits
from calendula.clinic.hours.schemas import Week
from calendula.doctors.models import Doctor
from calendula.timetables import service as timetables
from calendula.timetables.windows import WeeklyWindow


def replace(
    session: Session, doctor: Doctor, windows: Iterable[WeeklyWindow], *, actor: str
) -> tuple[Effects, Week]:
    """Let a doctor's week be this and nothing else; return what that does, and the week.

    The edit must have begun.
    """
    before = Week.of(timetables.week_of(session, doctor.id))
    timetables.replace_week(session, doctor.id, windows)
    after = Week.of(timetables.week_of(session, doctor.id))
    effects = edits.end(session, doctor, "hours", actor=actor, before=before, after=after)
    return effects, after

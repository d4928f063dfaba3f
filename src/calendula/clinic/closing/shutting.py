"""A date loses its hours, all of them."""

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from calendula import clock
from calendula.clinic.hours.schemas import Override
from calendula.clinic.time_off.schemas import LoggedTimeOff
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.timetables import service as timetables
from calendula.timetables.labels import MINUTES_OF_DAY
from calendula.timetables.models import DateOverride, TimeOff
from calendula.timetables.slots import Span, whole_day


class Shut(NamedTuple):
    """What was done to the timetable, for the log."""

    before: Override | None
    """The hours of the date, where it had hours of its own."""
    after: Override
    time_off: LoggedTimeOff | None


def shut(session: Session, doctor: Doctor, day: date) -> Shut:
    """Take all hours from a date of a doctor who is locked.

    An override takes those that begin on it. Where a window of the evening before reaches into the
    date, its rest would stay: time off takes that, the whole date's.
    """
    stored = session.get(DateOverride, (doctor.id, day))
    before = Override.of(stored) if stored else None
    after = session.merge(DateOverride(doctor_id=doctor.id, date=day, windows=[]))
    session.flush()
    off = _night_off(session, doctor, day)
    return Shut(before, Override.of(after), LoggedTimeOff.of(off) if off else None)


def _night_off(session: Session, doctor: Doctor, day: date) -> TimeOff | None:
    """Give time off on a date that the evening before reaches into, unless there is such."""
    eve = day - timedelta(days=1)
    windows = timetables.load(session, doctor, eve, eve).windows_on(eve)
    whole = whole_day(day, doctor.zone)
    if whole is None or all(it.end_minute <= MINUTES_OF_DAY for it in windows):
        return None
    if _is_off(session, doctor, whole):
        return None
    off = TimeOff(
        id=new_id(),
        doctor_id=doctor.id,
        starts_at=whole.start,
        ends_at=whole.end,
        created_at=clock.now(),
    )
    session.add(off)
    session.flush()
    return off


def _is_off(session: Session, doctor: Doctor, time: Span) -> bool:
    those = timetables.time_off_during(session, doctor.id, time.start, time.end)
    return any(it.starts_at <= time.start and time.end <= it.ends_at for it in those)

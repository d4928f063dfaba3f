from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, insert, literal, select
from sqlalchemy.orm import Session

from calendula.database import Id
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.events import service as events
from calendula.timetables.models import WeeklyHours
from calendula.timetables.slots import Slot, Window, slots_on

_HOURS = (WeeklyHours.start_minute, WeeklyHours.end_minute, WeeklyHours.slot_minutes)


def add_doctor(
    session: Session, name: str, *, time_zone: str, actor: str, specialty: str | None = None
) -> Doctor | None:
    """Add a doctor who works the clinic's default week; return None where the name is taken."""
    doctor = doctors.add(session, name, time_zone=time_zone, specialty=specialty)
    if doctor is None:
        return None
    default_week = select(literal(doctor.id, Id), WeeklyHours.weekday, *_HOURS).where(
        WeeklyHours.doctor_id.is_(None)
    )
    session.execute(
        insert(WeeklyHours).from_select(
            ["doctor_id", "weekday", "start_minute", "end_minute", "slot_minutes"], default_week
        )
    )
    events.record(session, "doctor.added", actor=actor, doctor_id=doctor.id)
    return doctor


def offered(session: Session, doctor: Doctor, day: date) -> list[Slot]:
    """Return the slots that a doctor's timetable makes on a local date, booked or not."""
    return _slots(session, WeeklyHours.doctor_id == doctor.id, day, doctor.time_zone)


def offered_by_default(session: Session, day: date, time_zone: str) -> list[Slot]:
    """Return the slots of a doctor who works the clinic's default week in this time zone."""
    return _slots(session, WeeklyHours.doctor_id.is_(None), day, time_zone)


def _slots(session: Session, whose: ColumnElement[bool], day: date, zone: str) -> list[Slot]:
    windows = session.execute(select(*_HOURS).where(whose, WeeklyHours.weekday == day.isoweekday()))
    return slots_on(day, (Window(*window) for window in windows), ZoneInfo(zone))

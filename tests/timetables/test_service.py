from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.doctors.service import NameTaken
from calendula.events.models import Event
from calendula.timetables import service
from calendula.timetables.models import WeeklyHours

FRIDAY = date(2025, 2, 7)


def _offered(session: Session, doctor: Doctor, day: date) -> int:
    return len(service.load(session, doctor, day, day).slots_on(day))


def test_a_new_doctor_works_the_default_week(database: Database) -> None:
    """The default week is data: who is added after it changed works the changed one."""
    with database.write() as session:
        session.execute(
            update(WeeklyHours)
            .where(WeeklyHours.doctor_id.is_(None), WeeklyHours.start_minute == 540)
            .values(slot_minutes=60)
        )
        new = service.add_doctor(session, "Dr. New", time_zone="UTC", actor="command")
        old = doctors.get(session, "Dr. Rajesh Kumar")
        assert _offered(session, new, FRIDAY) == 5
        assert _offered(session, old, FRIDAY) == 8
        default = service.default(session, FRIDAY, FRIDAY, "UTC")
        assert len(default.slots_on(FRIDAY)) == 5


def test_hours_are_each_weekdays_own(database: Database) -> None:
    """Hours that are gone from one weekday are still there on the next."""
    with database.write() as session:
        doctor = doctors.get(session, "Dr. Rajesh Kumar")
        session.execute(
            update(WeeklyHours)
            .where(WeeklyHours.doctor_id == doctor.id, WeeklyHours.weekday == 5)
            .values(doctor_id=doctors.get(session, "Dr. Mei Chen").id, start_minute=0, end_minute=5)
            .where(WeeklyHours.start_minute == 840)
        )
        assert _offered(session, doctor, FRIDAY) == 6
        assert _offered(session, doctor, date(2025, 2, 8)) == 8


def test_adding_a_doctor_leaves_an_event(database: Database) -> None:
    """The log says who added a doctor, and a doctor who is there already leaves none."""
    with database.write() as session:
        added = service.add_doctor(session, "Dr. New", time_zone="UTC", actor="command")
        with pytest.raises(NameTaken):
            service.add_doctor(session, "dr. new", time_zone="UTC", actor="command")
    with database.read() as session:
        events = session.scalars(select(Event).where(Event.actor == "command")).all()
    assert [(event.action, event.doctor_id) for event in events] == [("doctor.added", added.id)]

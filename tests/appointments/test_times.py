from datetime import date, timedelta

import pytest
from sqlalchemy import select

from calendula.appointments import service, times
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.database import Database
from calendula.patients import service as patients
from calendula.timetables import service as timetables

DAY = date(2025, 2, 7)
ENDS = {"Pacific/Kiritimati": "9:00 AM - 9:30 AM", "Etc/GMT+12": "2:30 PM - 3:00 PM"}
"""The zones in which a date comes first and last, and what is early and late of it there."""


def test_a_date_is_found_in_every_zone(database: Database) -> None:
    """What was booked under a date is found by it, wherever in the world, and by no other date."""
    with database.write() as session:
        patient_id = patients.identify(session, "1", "Asha")
        for zone, label in ENDS.items():
            doctor = timetables.add_doctor(session, zone, time_zone=zone, actor="system")
            choice, details = ByLabel(DAY, label), Details(patient_id)
            service.book(session, doctor, choice, details, actor="public", past=True)
    assert [_count(database, DAY + timedelta(days=days)) for days in (-1, 0, 1)] == [0, 2, 0]


@pytest.mark.parametrize("day", [date.min, date.max - timedelta(days=1), date.max])
def test_a_date_at_the_end_of_the_calendar_is_one(database: Database, day: date) -> None:
    """Where no instant is a day before or after, it is looked for all the same."""
    assert _count(database, day) == 0


def _count(database: Database, day: date) -> int:
    with database.read() as session:
        return len(session.scalars(select(Appointment.id).where(*times.dated(day, day))).all())

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, insert, update

from calendula import clock
from calendula.appointments import service as appointments
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.availability import service
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.patients import service as patients
from calendula.timetables.models import WeeklyHours

DAY = date(2025, 2, 7)
NOON = datetime(2025, 2, 7, 6, 30, tzinfo=UTC)  # in Kolkata


def _free(database: Database, *, past: bool = True) -> tuple[list[str], str | None]:
    with database.read() as session:
        doctor = doctors.get(session, "Dr. Rajesh Kumar")
        (day,) = service.days(session, doctor, DAY, DAY, past=past)
    return [slot.label for slot in day.free], day.reason


def _book(database: Database, *labels: str) -> None:
    with database.write() as session:
        for label in labels:
            appointments.book(
                session,
                doctors.get(session, "Dr. Rajesh Kumar"),
                ByLabel(DAY, label),
                Details(patients.identify(session, "1", "Asha")),
                actor="public",
                past=True,
            )


def test_what_is_booked_is_not_free(database: Database) -> None:
    """The free slots are the offered ones, in time order, without the booked ones."""
    _book(database, "9:30 AM - 10:00 AM", "2:00 PM - 2:30 PM")
    labels, reason = _free(database)
    assert labels == [
        "9:00 AM - 9:30 AM",
        "10:00 AM - 10:30 AM",
        "10:30 AM - 11:00 AM",
        "11:00 AM - 11:30 AM",
        "11:30 AM - 12:00 PM",
        "2:30 PM - 3:00 PM",
    ]
    assert reason is None


def test_a_full_day_says_so(database: Database) -> None:
    """An empty list has a reason: every slot is booked."""
    labels, _ = _free(database)
    _book(database, *labels)
    assert _free(database) == ([], "full")


def test_a_past_slot_is_not_free(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what starts from now on is free, and a day that is over says so."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    assert _free(database, past=False) == (["2:00 PM - 2:30 PM", "2:30 PM - 3:00 PM"], None)
    monkeypatch.setattr(clock, "now", lambda: NOON.replace(hour=12))
    assert _free(database, past=False) == ([], "past")


def test_a_long_slot_sees_all_that_is_busy_in_it(database: Database) -> None:
    """A slot that starts early and ends late is taken by an appointment after the others."""
    with database.write() as session:
        doctor = doctors.get(session, "Dr. Rajesh Kumar")
        long = {"weekday": 5, "start_minute": 480, "end_minute": 960, "slot_minutes": 480}
        session.execute(insert(WeeklyHours).values(doctor_id=doctor.id, **long))
    assert "8:00 AM - 4:00 PM" in _free(database)[0]
    _book(database, "2:30 PM - 3:00 PM")
    with database.write() as session:
        start, end = NOON.replace(hour=9, minute=45), NOON.replace(hour=10)
        occupied = {"occupied_from": start, "occupied_until": end}
        session.execute(update(Appointment).values(starts_at=start, ends_at=end, **occupied))
    assert "8:00 AM - 4:00 PM" not in _free(database)[0]


def test_a_slot_that_has_moved_keeps_its_name(database: Database) -> None:
    """After a doctor's zone was changed, a slot that is booked by its name is not offered again."""
    _book(database, "9:30 AM - 10:00 AM")
    with database.write() as session:
        doctors.get(session, "Dr. Rajesh Kumar").time_zone = "America/New_York"
    labels, _ = _free(database)
    assert len(labels) == 7
    assert "9:30 AM - 10:00 AM" not in labels


def test_a_day_without_hours_is_closed(database: Database) -> None:
    """An empty list has a reason: the doctor does not work that day."""
    with database.write() as session:
        session.execute(delete(WeeklyHours))
    assert _free(database) == ([], "closed")
    with database.read() as session:
        assert service.default_day(session, DAY, "UTC", past=True) == (DAY, [], "closed")

from datetime import UTC, date, datetime
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import service, times
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByLabel, SlotNotOffered, SlotPassed
from calendula.appointments.service import Details, TooManyAppointments
from calendula.appointments.times import SlotTaken
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Unavailable
from calendula.events.models import Event
from calendula.patients import service as patients
from calendula.settings import Settings
from calendula.timetables import service as timetables
from calendula.timetables.slots import Span
from calendula.timetables.timetable import Timetable

DAY = date(2025, 2, 7)
TEN = "10:00 AM - 10:30 AM"


def _book(session: Session, label: str = TEN, **other: Any) -> Appointment:
    return service.book(
        session,
        doctors.get(session, "Dr. Rajesh Kumar"),
        ByLabel(DAY, label),
        Details(patients.identify(session, "1", "Asha")),
        actor="public",
        **{"past": True, **other},
    )


def test_a_booking_is_stored_whole(database: Database) -> None:
    """Date, label and instants of an appointment are stored together, and agree."""
    with database.write() as session:
        booked = _book(session)
    with database.read() as session:
        (stored,) = session.scalars(select(Appointment))
    assert (stored.id, stored.status, stored.date, stored.slot) == (
        booked.id,
        "booked",
        DAY,
        TEN,
    )
    assert (stored.starts_at, stored.ends_at) == (booked.starts_at, booked.ends_at)
    assert (stored.occupied_from, stored.occupied_until) == (stored.starts_at, stored.ends_at)
    assert stored.starts_at == datetime(2025, 2, 7, 4, 30, tzinfo=UTC)  # 10:00 AM in Kolkata


def test_a_booking_leaves_an_event(database: Database) -> None:
    """Each booking is in the log, with its ids and without the patient's name."""
    with database.write() as session:
        booked = _book(session)
    with database.read() as session:
        event = session.scalars(select(Event).where(Event.action == "appointment.booked")).one()
    assert (event.appointment_id, event.actor) == (booked.id, "public")
    assert event.data["before"] is None
    after = event.data["after"]
    assert (after["status"], after["date"], after["slot"]) == ("booked", "2025-02-07", TEN)
    assert "Asha" not in str(event.data)


def test_a_taken_slot_is_refused(database: Database) -> None:
    """The second booking of a slot raises, and nothing of it is kept."""
    with database.write() as session:
        _book(session)
    with pytest.raises(SlotTaken), database.write() as session:
        _book(session)
    with database.read() as session:
        assert len(session.scalars(select(Appointment)).all()) == 1
        assert (
            len(session.scalars(select(Event.number)).all()) == 6
        )  # the clinic, 4 doctors, 1 booking


def test_a_time_that_overlaps_is_refused(database: Database) -> None:
    """A slot that is not booked itself, but overlapped by another appointment, is taken."""
    with database.write() as session:
        _book(session)
        session.execute(update(Appointment).values(slot="10:15 AM - 10:45 AM"))
        later = datetime(2025, 2, 7, 5, 15, tzinfo=UTC)
        session.execute(update(Appointment).values(ends_at=later, occupied_until=later))
    with pytest.raises(SlotTaken), database.write() as session:
        _book(session, "10:30 AM - 11:00 AM")


def test_a_cancelled_slot_can_be_booked_again(database: Database) -> None:
    """A cancelled appointment holds nothing."""
    with database.write() as session:
        _book(session)
        session.execute(update(Appointment).values(status="cancelled"))
        _book(session)


@pytest.mark.parametrize(
    "label", ["10:15 AM - 10:45 AM", "10:00 AM - 11:00 AM", "3:00 PM - 3:30 PM"]
)
def test_a_slot_that_is_not_offered_is_refused(database: Database, label: str) -> None:
    """Only what the timetable makes can be booked."""
    with pytest.raises(SlotNotOffered), database.write() as session:
        _book(session, label)


def test_the_past_is_refused_where_it_is_past(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slot that has begun is refused, one that begins right now is not."""
    ten = datetime(2025, 2, 7, 4, 30, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: ten)
    with pytest.raises(SlotPassed), database.write() as session:
        _book(session, "9:30 AM - 10:00 AM", past=False)
    with database.write() as session:
        _book(session, past=False)


def test_the_past_counts_for_no_limit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has as many appointments ahead as the policy allows can still be booked in the past."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2025, 2, 7, 4, 15, tzinfo=UTC))
    with database.write() as session:
        doctors.get(session, "Dr. Rajesh Kumar").policy = {"max_future_appointments": 1}
        _book(session)
        _book(session, "9:00 AM - 9:30 AM")
    with pytest.raises(TooManyAppointments), database.write() as session:
        _book(session, "10:30 AM - 11:00 AM")


def test_busy_is_what_reaches_into_a_time(database: Database) -> None:
    """The held times are those that share an instant with the time that is asked about."""
    with database.write() as session:
        booked = _book(session)
    start, end = booked.starts_at, booked.ends_at
    with database.read() as session:
        (busy,) = times.busy(session, booked.doctor_id, Span(start, end))
        assert (busy.start, busy.end) == (start, end)
        for free in Span(end, end.replace(hour=23)), Span(start.replace(hour=0), start):
            assert times.busy(session, booked.doctor_id, free) == []


def _edit(database: Database) -> None:
    """Raise the version of every timetable, as an edit does."""
    with database.write() as session:
        raised = Doctor.timetable_version + 1
        session.execute(update(Doctor).values(timetable_version=raised))


def test_a_booking_waits_for_an_edit_and_looks_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A booking that read the timetable before an edit books by the timetable after it."""
    read: list[int] = []
    edit = Thread(target=_edit, args=[database])

    def load(session: Session, doctor: Doctor, first: date, last: date) -> Timetable:
        timetable = real(session, doctor, first, last)
        if not read:
            edit.start()
            if not database.embedded:  # SQLite's edit waits for the booking instead
                edit.join()
        read.append(doctor.timetable_version)
        return timetable

    real = timetables.load
    monkeypatch.setattr(timetables, "load", load)
    with database.write() as session:
        _book(session)
    edit.join()
    assert read == ([1] if database.embedded else [1, 2])


def test_an_edit_waits_for_a_booking(database: Database, settings: Settings) -> None:
    """While a booking is under way, the timetable that it read cannot be edited."""
    impatient = settings.model_copy(update={"lock_timeout": 0.2})
    editor = Database.from_settings(impatient)
    with database.write() as session:
        _book(session)
        with pytest.raises(Unavailable):
            _edit(editor)
    _edit(editor)
    editor.close()


def test_a_booking_gives_up_on_endless_edits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the timetable changes under each try, the answer is that the outcome is not known."""
    monkeypatch.setattr(service, "_insert", lambda *_: None)

    def refresh(_session: Session, doctor: Doctor) -> None:
        doctor.timetable_version += 1

    monkeypatch.setattr(Session, "refresh", refresh)
    with pytest.raises(Unavailable), database.write() as session:
        _book(session)

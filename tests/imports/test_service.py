"""What an import does, on both databases."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import service as appointments
from calendula.appointments.models import Appointment
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.appointments.times import SlotTaken
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.events.models import Event
from calendula.imports import bookings, files
from calendula.imports.files import Kind
from calendula.imports.report import ImportRefused, RowReport
from calendula.patients import service as patients
from calendula.patients.models import Patient
from calendula.timetables import service as timetables
from support.tables import APPOINTMENT, DOCTOR, HOURS

Import = Callable[..., list[RowReport]]
Counts = Callable[[], dict[str, int]]
MEI = {**APPOINTMENT, "doctor": "dr. mei  CHEN"}
TEN = "10:00 AM - 10:30 AM"


def _outcomes(reports: list[RowReport]) -> list[str]:
    return [report.outcome.value for report in reports]


def _errors(reports: list[RowReport]) -> dict[int, str]:
    return {
        report.row: "; ".join(f"{it.field} {it.detail}" for it in report.errors)
        for report in reports
        if report.errors
    }


def _appointments(database: Database) -> list[Appointment]:
    with database.read() as session:
        return list(session.scalars(select(Appointment).order_by(Appointment.starts_at)))


def _week(database: Database, name: str) -> list[tuple[int, int, int]]:
    with database.read() as session:
        week = timetables.week_of(session, doctors.get(session, name).id)
    return [(it.weekday, it.window.start_minute, it.window.end_minute) for it in week]


def _book(session: Session, label: str = TEN) -> None:
    appointments.book(
        session,
        doctors.get(session, "Dr. Mei Chen"),
        ByLabel(date(2999, 1, 7), label),
        Details(patients.identify(session, "1", "Asha")),
        actor="public",
        past=True,
    )


@pytest.mark.parametrize("kind", Kind)
def test_a_new_doctor_comes_with_hours_and_appointments(
    run: Import, database: Database, kind: Kind
) -> None:
    """One file, of either kind and in any order of rows, brings a doctor, a week and bookings."""
    reports = run(
        APPOINTMENT, HOURS, {**HOURS, "weekday": "sun", "end": "24:00"}, DOCTOR, kind=kind
    )
    assert _outcomes(reports) == ["added"] * 4
    assert not any(report.warnings for report in reports)
    assert _week(database, "Dr. Ada") == [(1, 540, 720), (7, 540, 1440)]
    (stored,) = _appointments(database)
    assert (stored.status, stored.slot, stored.orphaned) == ("booked", TEN, False)
    assert stored.starts_at == datetime(2999, 1, 7, 4, 30, tzinfo=UTC)  # 10:00 AM in Kolkata


def test_a_workbook_may_have_dates_times_and_numbers(run: Import, database: Database) -> None:
    """Cells that Excel keeps as dates, times and numbers are as good as texts."""
    hours = {**HOURS, "start": time(9), "end": time(12), "slot_minutes": 30}
    valid = {"valid_from": date(2030, 1, 7), "every_weeks": 2}
    booking = {**APPOINTMENT, "date": date(2999, 1, 7), "patient_id": 1001}
    assert _outcomes(run(DOCTOR, {**hours, **valid}, booking, kind=Kind.XLSX)) == ["added"] * 3
    with database.read() as session:
        assert session.scalars(select(Patient.identifier)).all() == ["1001"]


def test_a_new_doctor_without_hours_has_the_default_week(run: Import, database: Database) -> None:
    """Who has no rows of hours works as the clinic does, in the zone of the row or the clinic's."""
    run({**DOCTOR, "time_zone": "Europe/London"}, {"record": "doctor", "doctor": "Dr. Bo"})
    assert len(_week(database, "Dr. Ada")) == 14
    with database.read() as session:
        ada, bo = doctors.get(session, "Dr. Ada"), doctors.get(session, "Dr. Bo")
    assert (ada.time_zone, ada.specialty) == ("Europe/London", "Surgery")
    assert (bo.time_zone, bo.specialty) == ("Asia/Kolkata", None)


def test_a_known_doctor_is_kept(run: Import, database: Database) -> None:
    """A doctor of the same name stays as they are; what the row says otherwise is a warning."""
    mei = {"record": "doctor", "doctor": "dr. mei  CHEN"}
    same, other = run(mei, {**mei, "specialty": "Surgery", "time_zone": "UTC"})
    assert _outcomes([same, other]) == ["kept", "kept"]
    assert same.warnings == []
    assert len(other.warnings) == 2
    with database.read() as session:
        assert doctors.get(session, "Dr. Mei Chen").specialty == "Cardiology"
    assert len(_week(database, "Dr. Mei Chen")) == 14


def test_a_known_doctors_week_is_replaced(run: Import, database: Database) -> None:
    """The rows of hours are the whole week, and what loses its time by it is told and marked."""
    with database.write() as session:
        _book(session)
    (report,) = run({**HOURS, "doctor": "Dr. Mei Chen", "weekday": "tue"})
    assert report.outcome == "replaced"
    assert report.warnings == ["appointments of the doctor that lose their time: 1"]
    assert _week(database, "Dr. Mei Chen") == [(2, 540, 720)]
    assert [it.orphaned for it in _appointments(database)] == [True]


def test_whatever_has_happened_is_taken_over(run: Import, database: Database) -> None:
    """The past is imported, whatever the timetable says of it now, and is nobody's orphan."""
    odd = {"time_slot": "6:05 PM - 7:20 PM"}
    past, ahead = run({**MEI, **odd, "date": "2001-01-01"}, {**MEI, **odd})
    assert (past.warnings, ahead.warnings) == ([], ["the doctor does not work at this time"])
    assert _outcomes([past, ahead]) == ["added", "added"]
    assert [it.orphaned for it in _appointments(database)] == [False, True]


def test_no_policy_stands_against_a_fact(run: Import, database: Database) -> None:
    """What a doctor's limits would refuse to a patient is imported all the same."""
    with database.write() as session:
        doctors.get(session, "Dr. Mei Chen").policy = {
            "horizon_days": 1,
            "max_future_appointments": 1,
        }
    later = {**MEI, "time_slot": "11:00 AM - 11:30 AM"}
    assert _outcomes(run(MEI, later)) == ["added", "added"]


def test_patients_are_who_they_are(run: Import, database: Database) -> None:
    """One identifier and name is one patient, known before or not; another name is another one."""
    with database.write() as session:
        known = patients.identify(session, "P-1001", "Asha Verma")
    slots = "9:00 AM - 9:30 AM", "9:30 AM - 10:00 AM", TEN
    names = "Asha Verma", "Ravi Verma", "Ravi Verma"
    run(
        *(
            {**MEI, "time_slot": slot, "patient_name": name}
            for slot, name in zip(slots, names, strict=True)
        )
    )
    first, second, third = (it.patient_id for it in _appointments(database))
    assert first == known
    assert second == third != known


def test_each_change_has_its_event(run: Import, database: Database) -> None:
    """The log tells of doctors, timetables and appointments, by whom, and holds no patient."""
    run(DOCTOR, HOURS, APPOINTMENT, {**APPOINTMENT, "time_slot": "1:00 PM - 1:30 PM"})
    with database.read() as session:
        found = session.scalars(select(Event).where(Event.actor == "command")).all()
    actions = [event.action for event in found]
    assert actions == [
        *("doctor.added", "timetable.edited"),
        *("appointment.booked", "appointment.booked", "appointment.orphaned"),
    ]
    after = found[2].data["after"]
    assert (found[2].data["before"], after["status"]) == (None, "booked")
    assert (after["date"], after["slot"], after["sequence"]) == ("2999-01-07", TEN, 0)
    assert {event.doctor_id for event in found} == {found[0].doctor_id}
    assert {event.appointment_id for event in found[2:]} == {
        it.id for it in _appointments(database)
    }


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({**HOURS, "doctor": "Dr. Who"}, "doctor must be a doctor of this file or of the clinic"),
        ({**APPOINTMENT, "doctor": "Dr. Who"}, "doctor must be a doctor of this file"),
        ({**HOURS, "start": "11:30", "end": "13:00"}, "hours must not overlap row 3"),
        ({**APPOINTMENT, "time_slot": "10:15-10:45"}, "time_slot overlaps row 4"),
        ({**APPOINTMENT, "patient_id": "2"}, "time_slot overlaps row 4"),
        ({**MEI, "time_slot": "9:45-10:15"}, "time_slot is taken already"),
        ({**MEI, "time_slot": TEN}, "time_slot is taken already"),
        ({"record": "doctor", "doctor": "Dr. Mei Сhen"}, "looks like the name of another doctor"),
        ({**DOCTOR, "doctor": "\u202e"}, "doctor must not hold"),
        ({"record": "Zanzibar"}, "record must be one of"),
    ],
)
def test_one_bad_row_refuses_all(
    refused: Import, database: Database, row: dict[str, str], words: str
) -> None:
    """A row at fault is told with its number, and nothing of the file is in any table."""
    with database.write() as session:
        _book(session)
    for dry_run in False, True:
        reports = refused(DOCTOR, HOURS, APPOINTMENT, row, dry_run=dry_run)
        assert list(_errors(reports)) == [5]
        assert words in _errors(reports)[5]
        assert _outcomes(reports) == ["added"] * 3 + ["error"]


def test_a_time_that_the_clock_skips_is_at_fault(refused: Import) -> None:
    """At the change to summer time, London has no half past one in the night."""
    london = {**DOCTOR, "time_zone": "Europe/London"}
    skipped = {**APPOINTMENT, "date": "2030-03-31", "time_slot": "1:30 AM - 2:00 AM"}
    last = {**APPOINTMENT, "date": "9999-12-31", "time_slot": "11:30 PM - 12:00 AM"}
    errors = _errors(refused(london, skipped, last, {**APPOINTMENT, "date": "0001-01-01"}))
    assert set(errors) == {3, 4}
    assert "must be a time that the clock shows" in errors[3]


def test_a_doctor_at_fault_spoils_their_rows_alone(refused: Import) -> None:
    """The rows of a doctor whose own row is wrong say so, and those of others are right."""
    reports = refused({**DOCTOR, "time_zone": "x"}, HOURS, APPOINTMENT, MEI)
    assert list(_errors(reports)) == [2, 3, 4]
    assert "has a row of their own that is at fault" in _errors(reports)[4]


def test_a_week_has_an_end(refused: Import) -> None:
    """A doctor has at most as many windows as over the API."""
    rows = [
        {**HOURS, "valid_from": f"{2000 + year}-01-01", "valid_until": f"{2000 + year}-02-01"}
        for year in range(201)
    ]
    assert _errors(refused(DOCTOR, *rows)) == {203: "hours must be at most 200 rows of one doctor"}


def test_a_dry_run_writes_nothing(run: Import, counts: Counts) -> None:
    """A dry run says what would be, and no table changes."""
    before = counts()
    rows = DOCTOR, HOURS, APPOINTMENT, {**HOURS, "doctor": "Dr. Mei Chen"}
    reports = run(*rows, dry_run=True)
    assert _outcomes(reports) == ["added", "added", "added", "replaced"]
    assert counts() == before
    assert run(*rows) == reports


def test_the_progress_comes_to_the_end(database: Database) -> None:
    """Every row is dealt with once, at fault or not."""
    from calendula.imports import service
    from support import tables

    for bad in [], [{**MEI, "date": "x"}, {**HOURS, "doctor": "Dr. Who"}, MEI, {"record": "x"}]:
        rows = [DOCTOR, HOURS, MEI, APPOINTMENT, *bad]
        seen: list[int] = []
        read = files.read(tables.csv_of(rows), Kind.CSV)
        try:
            with database.write(dry_run=True) as session:
                service.run(session, read, actor="command", time_zone="UTC", done=seen.append)
        except ImportRefused:
            assert bad
        assert sum(seen) == len(rows)


def _later(thread: Thread, wait: bool) -> Callable[..., Any]:
    """Return what does the real thing after a thread has been started, and waits for it or not."""
    real = bookings._mark_unsupported  # noqa: SLF001 - it runs between the look and the insert

    def later(*arguments: Any) -> None:
        real(*arguments)
        thread.start()
        if wait:
            thread.join()
        else:
            thread.join(0.3)

    return later


def test_a_booking_at_the_same_moment_waits_and_is_refused(
    run: Import, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A booking that comes while an import has looked and not yet written does not get the slot."""
    refusals: list[SlotTaken] = []

    def book() -> None:
        try:
            with database.write() as session:
                _book(session)
        except SlotTaken as error:
            refusals.append(error)

    thread = Thread(target=book)
    monkeypatch.setattr(bookings, "_mark_unsupported", _later(thread, wait=False))
    assert _outcomes(run(MEI)) == ["added"]
    thread.join()
    assert len(refusals) == len(_appointments(database)) == 1


def test_an_import_waits_for_a_booking(run: Import, database: Database) -> None:
    """A booking that is under way when an import comes is seen by it."""
    found: list[dict[int, str]] = []

    def bring() -> None:
        with pytest.raises(ImportRefused) as caught:
            run(MEI)
        found.append(_errors(list(caught.value.rows)))

    thread = Thread(target=bring)
    with database.write() as session:
        _book(session)
        thread.start()
        thread.join(0.3)
        assert not found
    thread.join()
    assert found == [{2: "time_slot is taken already"}]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_the_database_decides(
    run: Import, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes without the service's locks cannot double-book either: the row is at fault."""

    def book() -> None:
        with database.write() as session:
            _book(session, "10:00 AM - 10:30 AM")

    monkeypatch.setattr(doctors, "lock_all", lambda *_: None)
    monkeypatch.setattr(bookings, "_mark_unsupported", _later(Thread(target=book), wait=True))
    with pytest.raises(ImportRefused) as caught:
        run(MEI, {**MEI, "time_slot": "11:00 AM - 11:30 AM"})
    assert _errors(list(caught.value.rows)) == {2: "time_slot is taken already"}
    assert len(_appointments(database)) == 1


def test_what_is_past_is_told_by_the_clock(
    run: Import, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An appointment that still goes on counts as one ahead."""
    now = datetime(2030, 1, 7, 12, 45, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    at = {**MEI, "date": "2030-01-07"}
    run({**at, "time_slot": "6:00 PM - 6:15 PM"}, {**at, "time_slot": "6:15 PM - 6:30 PM"})
    assert [it.orphaned for it in _appointments(database)] == [False, True]

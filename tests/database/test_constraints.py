"""Raw SQL against the promise: whoever goes around the service meets the same rules."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from calendula import clock
from calendula.access.models import ApiKey
from calendula.access.roles import Role
from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING, Status
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.patients.models import Patient
from calendula.timetables.models import Clinic, TimeOff, WeeklyHours
from calendula.visit_types.models import VisitType

TEN = datetime(2025, 2, 7, 10, tzinfo=UTC)
FREE_AGAIN = [status for status in Status if status not in HOLDING]


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A connection that goes around the service, with an appointment at 10:00 already there."""
    with database.writer.begin() as connection:
        connection.execute(
            insert(Patient).values(id=uuid4(), identifier="1", name="Asha", created_at=TEN)
        )
        connection.execute(insert(Appointment).values(**_appointment(connection)))
    with database.writer.connect() as connection:
        yield connection


def _appointment(connection: Connection, **other: Any) -> dict[str, Any]:
    values = {
        "id": uuid4(),
        "doctor_id": connection.scalars(select(Doctor.id).order_by(Doctor.name)).first(),
        "patient_id": connection.scalar(select(Patient.id)),
        "date": date(2025, 2, 7),
        "slot": "10:00 AM - 10:30 AM",
        "starts_at": TEN,
        "ends_at": TEN + timedelta(minutes=30),
        "status": "booked",
        "created_at": TEN,
        "updated_at": TEN,
        **other,
    }
    occupied = {"occupied_from": values["starts_at"], "occupied_until": values["ends_at"]}
    hold = {"expires_at": TEN, "held_by": "public", "hold_number": 1}
    return {**occupied, **(hold if values["status"] == Status.PENDING else {}), **values}


def _refused(connection: Connection, statement: Any) -> None:
    """See that a rule of the database refuses a statement."""
    with pytest.raises(IntegrityError):
        connection.execute(statement)
    connection.rollback()


def _no_change(connection: Connection, statement: Any) -> None:
    """See that the event log refuses a statement, by its own rule."""
    with pytest.raises(DBAPIError, match="event is append-only"):
        connection.execute(statement)
    connection.rollback()


def _only(database: str) -> pytest.MarkDecorator:
    """Run a test about what just one of the databases has on that database alone."""
    return pytest.mark.parametrize("database_url", [database], indirect=True)


def _add(connection: Connection, **other: Any) -> None:
    connection.execute(insert(Appointment).values(**_appointment(connection, **other)))


LATER = {"starts_at": TEN + timedelta(hours=2), "ends_at": TEN + timedelta(hours=3)}
ELEVEN = {"starts_at": TEN + timedelta(hours=1), "ends_at": TEN + timedelta(minutes=90)}


@pytest.mark.parametrize("status", HOLDING)
def test_a_slot_is_given_once(connection: Connection, status: str) -> None:
    """A second appointment of any holding status cannot carry the label, whatever its time is."""
    _refused(
        connection, insert(Appointment).values(**_appointment(connection, status=status, **LATER))
    )


@pytest.mark.parametrize(("start", "end"), [(-29, 1), (0, 30), (10, 20), (-60, 60), (29, 31)])
def test_no_two_appointments_overlap(connection: Connection, start: int, end: int) -> None:
    """An appointment that shares a minute with another of the doctor is refused."""
    times = {
        "starts_at": TEN + timedelta(minutes=start),
        "ends_at": TEN + timedelta(minutes=end),
        "slot": "another",
    }
    _refused(connection, insert(Appointment).values(**_appointment(connection, **times)))


def test_neighbours_do_not_overlap(connection: Connection) -> None:
    """9:30-10:00, 10:00-10:30 and 10:30-11:00 stand beside each other."""
    for minutes in -30, 30:
        start = TEN + timedelta(minutes=minutes)
        times = {"starts_at": start, "ends_at": start + timedelta(minutes=30)}
        _add(connection, slot=str(minutes), **times)


def test_an_overlap_is_found_behind_a_neighbour(connection: Connection) -> None:
    """A long appointment that only touches what starts later is refused for what it overlaps."""
    _add(connection, slot="11", **ELEVEN)
    connection.commit()
    times = {"starts_at": TEN - timedelta(hours=1), "ends_at": TEN + timedelta(hours=4)}
    _refused(connection, insert(Appointment).values(**_appointment(connection, slot="x", **times)))


def test_another_doctor_has_the_same_time(connection: Connection) -> None:
    """The rules are each doctor's own."""
    other = connection.scalars(select(Doctor.id).order_by(Doctor.name.desc())).first()
    _add(connection, doctor_id=other)


@pytest.mark.parametrize("status", FREE_AGAIN)
def test_what_is_given_back_holds_nothing(connection: Connection, status: str) -> None:
    """A cancelled appointment frees its slot, and cannot come back once the slot is another's."""
    first = connection.scalar(select(Appointment.id))
    connection.execute(update(Appointment).values(status=status))
    _add(connection)
    connection.commit()
    _refused(connection, update(Appointment).where(Appointment.id == first).values(status="booked"))


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": TEN + timedelta(minutes=15), "occupied_from": TEN + timedelta(minutes=15)},
        {"occupied_from": TEN + timedelta(minutes=15)},
        {"slot": "10:00 AM - 10:30 AM"},
        {
            "starts_at": TEN,
            "occupied_from": TEN,
            "ends_at": TEN + timedelta(minutes=30),
            "occupied_until": TEN + timedelta(minutes=30),
        },
    ],
)
def test_no_appointment_is_moved_onto_another(
    connection: Connection, change: dict[str, Any]
) -> None:
    """An UPDATE meets the same rules as an INSERT."""
    moved = uuid4()
    _add(connection, id=moved, slot="11", **ELEVEN)
    connection.commit()
    _refused(connection, update(Appointment).where(Appointment.id == moved).values(**change))


def test_an_appointment_may_move_within_its_own_time(connection: Connection) -> None:
    """An appointment does not stand in its own way."""
    start, end = TEN + timedelta(minutes=15), TEN + timedelta(minutes=45)
    occupied = {"occupied_from": start, "occupied_until": end}
    connection.execute(update(Appointment).values(starts_at=start, ends_at=end, **occupied))
    connection.commit()


@pytest.mark.parametrize(
    "fault",
    [
        {"doctor_id": UUID(int=1)},
        {"patient_id": UUID(int=1)},
        {"doctor_id": None},
        {"status": "asleep"},
        {"ends_at": LATER["starts_at"]},
        {"ends_at": TEN},
        {"ends_at": LATER["starts_at"] + timedelta(hours=24, seconds=1)},
    ],
    ids=str,
)
def test_an_appointment_must_make_sense(connection: Connection, fault: dict[str, Any]) -> None:
    """Its doctor and patient exist, its status is known, it ends after it starts, within a day."""
    values = _appointment(connection, **{"slot": "x", **LATER, **fault})
    _refused(connection, insert(Appointment).values(**values))


def test_what_is_referred_to_stays(connection: Connection) -> None:
    """A doctor or patient with an appointment cannot be deleted."""
    connection.execute(delete(WeeklyHours))
    _refused(connection, delete(Doctor))
    _refused(connection, delete(Patient))


@_only("sqlite")
def test_replacing_is_no_way_around(connection: Connection) -> None:
    """SQLite's INSERT OR REPLACE does not replace an appointment by one at an overlapping time."""
    replacing = insert(Appointment).prefix_with("OR REPLACE")
    _refused(connection, replacing.values(**_appointment(connection)))


@_only("sqlite")
@pytest.mark.parametrize(
    "written",
    [
        "2025-02-07T12:00:00",
        "2025-02-07 12:00",
        "noon",
        "1738926000",
        "2025-02-31 10:00:00.000000",
        "2025-01-32 10:00:00.000000",
        "2025-02-07 10:00:00.0 x",
    ],
)
def test_sqlite_takes_an_instant_in_one_form_only(connection: Connection, written: str) -> None:
    """SQLite compares texts, so it refuses an instant that is written otherwise."""
    _refused(connection, text(f"UPDATE appointment SET starts_at = '{written}'"))


@pytest.mark.parametrize(
    "fault",
    [
        {"weekday": 0},
        {"weekday": 8},
        {"start_minute": -5},
        {"start_minute": 720},
        {"start_minute": 1440, "end_minute": 1500},
        {"end_minute": 600 + 1441},
        {"every_weeks": 0},
        {"every_weeks": 2},
        {"every_weeks": 53, "valid_from": date(2027, 1, 4)},
        {"valid_from": date(2027, 1, 4), "valid_until": date(2027, 1, 3)},
        {"slot_minutes": 4},
        {"slot_minutes": 481},
    ],
    ids=str,
)
def test_weekly_hours_must_make_sense(connection: Connection, fault: dict[str, Any]) -> None:
    """A window lies in a week, lasts up to a day, and has slots of 5 to 480 minutes.

    One of every n-th week has a date from which they are counted.
    """
    hours = {"weekday": 1, "start_minute": 600, "end_minute": 720, "slot_minutes": 30}
    _refused(connection, insert(WeeklyHours).values(**{**hours, **fault}))


def test_time_off_ends_after_it_starts(connection: Connection) -> None:
    """Nobody is off for no time."""
    now = clock.now()
    off = {"id": uuid4(), "starts_at": now, "ends_at": now, "created_at": now}
    _refused(connection, insert(TimeOff).values(**off))


def test_there_is_one_clinic(connection: Connection) -> None:
    """What holds for the clinic is said once."""
    _refused(connection, insert(Clinic).values(id=2))
    _refused(connection, insert(Clinic).values(id=1))


@pytest.mark.parametrize(
    "fault",
    [
        {"duration_minutes": 4},
        {"duration_minutes": 481},
        {"buffer_before_minutes": -1},
        {"buffer_after_minutes": 241},
    ],
    ids=str,
)
def test_a_visit_type_must_make_sense(connection: Connection, fault: dict[str, int]) -> None:
    """A visit takes from five minutes to eight hours, with buffers of up to four."""
    columns = {"duration_minutes": 30, "buffer_before_minutes": 0, "buffer_after_minutes": 0}
    names = {"id": uuid4(), "name": "A", "name_key": "a", "public": True}
    visit_type = {**names, **columns, "created_at": clock.now()}
    _refused(connection, insert(VisitType).values(**{**visit_type, **fault}))


def test_no_two_doctors_look_alike(connection: Connection) -> None:
    """Two doctors cannot have names that look the same."""
    _refused(connection, update(Doctor).values(skeleton="same"))


def test_a_doctors_name_is_taken_once(connection: Connection) -> None:
    """Two doctors cannot have the same normalised name."""
    _refused(connection, update(Doctor).values(name_key="same"))


def _key(connection: Connection, **other: Any) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "name": "front desk",
        "role": "doctor",
        "doctor_id": connection.scalars(select(Doctor.id)).first(),
        "handle": "abcdefgh",
        "digest": bytes(32),
        "created_at": TEN,
        **other,
    }


@pytest.mark.parametrize("role", Role)
def test_a_key_has_any_of_the_roles(connection: Connection, role: Role) -> None:
    """The database knows every role of the service."""
    whose = {} if role is Role.DOCTOR else {"doctor_id": None}
    connection.execute(insert(ApiKey).values(**_key(connection, role=role, **whose)))


@pytest.mark.parametrize(
    "fault",
    [
        {"role": "boss", "doctor_id": None},
        {"role": "admin"},
        {"doctor_id": None},
        {"doctor_id": UUID(int=1)},
        {"digest": bytes(31)},
        {"digest": b""},
        {"handle": None},
    ],
    ids=str,
)
def test_a_key_must_make_sense(connection: Connection, fault: dict[str, Any]) -> None:
    """Its role is known, a doctor's and no other's names a doctor, and its digest is whole."""
    _refused(connection, insert(ApiKey).values(**_key(connection, **fault)))


def test_a_handle_is_one_keys(connection: Connection) -> None:
    """Two keys cannot have the same handle."""
    connection.execute(insert(ApiKey).values(**_key(connection)))
    connection.commit()
    _refused(connection, insert(ApiKey).values(**_key(connection)))


@pytest.mark.parametrize(
    "statement", [update(Event).values(actor="nobody"), delete(Event)], ids=str
)
def test_what_happened_has_happened(connection: Connection, statement: Any) -> None:
    """The event log is append-only: nothing in it is changed or deleted."""
    _no_change(connection, statement)


@_only("sqlite")
def test_no_event_is_replaced(connection: Connection) -> None:
    """SQLite's INSERT OR REPLACE does not replace a line of the event log, nor one of a chain."""
    line = {"at": TEN, "action": "x", "actor": "x", "data": {}, "hash": bytes(32)}
    for taken in {"number": 1, "link": 99}, {"number": 99, "link": 1}:
        values = {**line, **taken, "chain": UUID(int=0)}
        _no_change(connection, insert(Event).prefix_with("OR REPLACE").values(**values))


@_only("postgresql")
def test_the_event_log_cannot_be_emptied(connection: Connection) -> None:
    """Nor is it truncated, in the database that can truncate."""
    _no_change(connection, text("TRUNCATE event"))

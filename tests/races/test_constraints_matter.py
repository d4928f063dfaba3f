"""Without the database's rules there are double bookings, and the checks of the races see them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import Insert, insert, text
from sqlalchemy.exc import IntegrityError

from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.database.ids import new_id
from calendula.doctors import service as doctors
from calendula.patients import service as patients
from support import load

CLIENTS = 50
ROUNDS = 100
MIDNIGHT = datetime(2025, 2, 7, tzinfo=UTC)

RULES = {
    "postgresql": (
        "ALTER TABLE appointment DROP CONSTRAINT appointment_no_overlap",
        "DROP INDEX appointment_slot_key",
    ),
    "sqlite": (
        "DROP TRIGGER appointment_no_overlap_insert",
        "DROP TRIGGER appointment_no_overlap_update",
        "DROP INDEX appointment_slot_key",
    ),
}


class Time(NamedTuple):
    """A label, and the minutes after midnight that it may or may not speak of."""

    label: str
    start: int
    end: int


FIRST = Time("10:00 AM - 10:30 AM", 600, 630)
CLASHES = [
    pytest.param(FIRST, id="the same slot"),
    pytest.param(Time("10:15 AM - 10:45 AM", 615, 645), id="an overlap"),
    pytest.param(Time("9:30 AM - 11:00 AM", 570, 660), id="a longer one"),
    pytest.param(Time(FIRST.label, 660, 690), id="the same label"),
]


@pytest.mark.parametrize("second", CLASHES)
def test_the_database_refuses_a_clash(database_url: str, second: Time) -> None:
    """Of two who write clashing appointments past the service, the database refuses the later."""
    with pytest.raises(IntegrityError):
        _insert_both(database_url, FIRST, second)
    assert [each.slot for each in load.held(database_url)] == [FIRST.label]


@pytest.mark.parametrize("second", CLASHES)
def test_nothing_else_refuses_a_clash(database_url: str, second: Time) -> None:
    """Without the rules both of them stand, and count as a double booking."""
    _drop_rules(database_url)
    _insert_both(database_url, FIRST, second)
    assert load.double_bookings(database_url)


@pytest.mark.parametrize("bookings", [load.same_slot, load.chain])
def test_the_race_shows_dropped_rules(
    tmp_path: Path, postgresql_url: str, bookings: Callable[[int, int], list[load.Booking]]
) -> None:
    """Without the rules the clients of a race get double bookings out of the service."""
    _drop_rules(postgresql_url)
    load.offer_overlaps(postgresql_url)
    with load.service(tmp_path, postgresql_url) as service:
        for number in range(ROUNDS):
            load.all_at_once(service.url, bookings(number, CLIENTS))
            if load.double_bookings(postgresql_url):
                return
    pytest.fail("the race did not show that the rules are gone")


def _drop_rules(database_url: str) -> None:
    with load.database_of(database_url) as database, database.write() as session:
        for statement in RULES[session.get_bind().dialect.name]:
            session.execute(text(statement))


def _insert_both(database_url: str, one: Time, other: Time) -> None:
    """Insert one, and the other from another connection while the first has not committed."""
    with (
        load.database_of(database_url) as first,
        load.database_of(database_url) as second,
        ThreadPoolExecutor(1) as pool,
    ):
        doctor, patient = _people(first)
        with first.write() as session:
            session.execute(_insert(doctor, patient, one))
            later = pool.submit(_write, second, _insert(doctor, patient, other))
            wait([later], timeout=0.2)  # where the rules stand it waits for the commit
        later.result()


def _write(database: Database, statement: Insert) -> None:
    with database.write() as session:
        session.execute(statement)


def _insert(doctor: UUID, patient: UUID, time: Time) -> Insert:
    start, end = (MIDNIGHT + timedelta(minutes=it) for it in (time.start, time.end))
    return insert(Appointment).values(
        id=new_id(),
        doctor_id=doctor,
        patient_id=patient,
        date=MIDNIGHT.date(),
        slot=time.label,
        starts_at=start,
        ends_at=end,
        occupied_from=start,
        occupied_until=end,
        status="booked",
        created_at=MIDNIGHT,
        updated_at=MIDNIGHT,
    )


def _people(database: Database) -> tuple[UUID, UUID]:
    """Add a doctor and a patient; return their ids."""
    with database.write() as session:
        doctor = doctors.add(session, load.DOCTOR, time_zone="UTC")
        assert doctor is not None
        return doctor.id, patients.identify(session, "P-0", "Patient 0")

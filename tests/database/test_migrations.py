import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Row, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from calendula import names, samples
from calendula.access.models import ApiKey, DeskSession
from calendula.access.roles import Role
from calendula.appointments import service as appointments
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.database import Database, schema
from calendula.database.ids import new_id
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.events import service as events
from calendula.events.service import About
from calendula.patients import service as patients
from calendula.settings import Settings
from calendula.timetables import service as timetables
from calendula.timetables.models import Clinic, DateOverride, TimeOff
from calendula.timetables.windows import WeeklyWindow, Window
from calendula.visit_types import service as visit_types
from support.access import make_key, make_session

NAMES = ["Dr. Zoë", "Dr. Møller Łuc", "क्‍ष Şahin", "Dr. Iİı", "Ｗｉｄｅ ẞ", "Dr. ☎️"]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgresql")
    return url


def _alembic(database: Database, what: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        getattr(command, what)(config, revision)


def _book(session: Session) -> None:
    doctor = session.scalars(select(Doctor)).first()
    assert doctor is not None
    patient = patients.identify(session, "1", "Asha")
    day = date(2025, 2, 7)
    appointments.book(
        session,
        doctor,
        ByLabel(day, "10:00 AM - 10:30 AM"),
        Details(patient),
        actor="public",
        past=True,
    )


def test_the_wanted_revision_is_alembics_head() -> None:
    """The revision that is read off the files' names is the one that Alembic would go to."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()))
    assert [schema.wanted()] == ScriptDirectory.from_config(config).get_heads()


def test_no_migration_imports_a_model() -> None:
    """A migration stays what it was when the models move on."""
    for path in (schema.migrations() / "versions").glob("*.py"):
        assert "calendula" not in path.read_text(), path


def test_migrations_go_up_and_down_with_data(database: Database) -> None:
    """A database with doctors, patients, appointments and who is signed in goes down and up."""
    for role in Role:
        make_session(database, make_key(database, role).key)
    with database.write() as session:
        _book(session)
    _alembic(database, "downgrade", "base")
    assert schema.present(database) is None
    assert inspect(database.reader).get_table_names() == ["alembic_version"]
    _alembic(database, "upgrade", "head")
    assert schema.present(database) == schema.wanted()
    samples.add_doctors(database, "UTC")


def _log(database: Database, columns: str) -> list[Row[Any]]:
    with database.read() as session:
        return list(session.execute(text(f"SELECT {columns} FROM event ORDER BY number")))


@pytest.mark.parametrize("statement", ["UPDATE event SET actor = 'x'", "DELETE FROM event"])
def test_the_log_keeps_its_lines_on_the_way(database: Database, statement: str) -> None:
    """Without its chains the log has the same lines, which nobody can change; it is chained again.

    The chains are then the ones that were written, and new events hang on to them.
    """
    told, chained = "number, at, action, actor, doctor_id, data", "chain, link, hash, patient_id"
    with database.write() as session:
        many = [About(new_id(), new_id(), new_id()) for _ in range(600)]
        events.record_each(session, "x", actor="command", about=many[:300] * 2)
        _book(session)
    lines, chains = _log(database, told), _log(database, chained)
    for revision in "0006", "head":
        _alembic(database, "downgrade" if revision == "0006" else "upgrade", revision)
        assert _log(database, told) == lines
        with pytest.raises(DBAPIError, match="append-only"), database.write() as session:
            session.execute(text(statement))
    again = _log(database, chained)
    assert [row[:2] for row in again] == [row[:2] for row in chains]
    assert again[0] == chains[0]
    assert (again[-1].hash, again[-1].patient_id) == (chains[-1].hash, chains[-1].patient_id)
    with database.write() as session:
        events.record(session, "last", actor="command")
    assert _log(database, "number")[-1].number == lines[-1].number + 1


def test_an_empty_log_is_chained(empty: str) -> None:
    """A database in which nothing has happened yet goes on, and its first event is number 1."""
    database = Database.from_settings(Settings(database_url=empty))
    _alembic(database, "upgrade", "0006")
    _alembic(database, "upgrade", "head")
    with database.write() as session:
        events.record(session, "first", actor="command")
    assert [row.number for row in _log(database, "number")] == [1]
    database.close()


def test_a_step_back_forgets_the_keys_alone(database: Database) -> None:
    """Without its keys a clinic keeps its doctors, and can make keys again after the next step."""
    for role in Role:
        make_key(database, role)
    _alembic(database, "downgrade", "0001")
    assert "api_key" not in inspect(database.reader).get_table_names()
    _alembic(database, "upgrade", "head")
    with database.read() as session:
        assert len(session.scalars(select(Doctor)).all()) == len(samples.DOCTORS)
        assert session.scalars(select(ApiKey)).all() == []
    make_key(database, Role.DOCTOR)


def test_a_step_back_signs_everybody_out(database: Database) -> None:
    """Without its sessions a clinic keeps its keys, by which they sign in again."""
    made = make_key(database, Role.ADMIN)
    make_session(database, made.key)
    _alembic(database, "downgrade", "0007")
    assert "desk_session" not in inspect(database.reader).get_table_names()
    _alembic(database, "upgrade", "head")
    with database.read() as session:
        assert session.scalars(select(DeskSession)).all() == []
        key = session.scalars(select(ApiKey)).one()
    assert key.id == made.key.id
    make_session(database, key)


def test_a_step_back_keeps_what_the_step_before_knew(database: Database) -> None:
    """Doctors, plain hours and appointments go back and forth; what they are found by is remade."""
    with database.write() as session:
        for name in NAMES:
            timetables.add_doctor(session, name, specialty=name, time_zone="UTC", actor="command")
        doctor = doctors.get(session, "Dr. Zoë")
        night = WeeklyWindow(1, Window(1320, 1560, 30), date(2027, 1, 4), None, 2)
        timetables.replace_week(session, doctor.id, [night, WeeklyWindow(2, Window(540, 600, 30))])
        session.add(DateOverride(doctor_id=doctor.id, date=date(2027, 1, 4), windows=[]))
        session.add(_time_off())
        values = {"name": "Visit", "duration_minutes": 30, "public": True}
        buffers = {"buffer_before_minutes": 0, "buffer_after_minutes": 0}
        visit_types.save(session, None, {**values, **buffers}, [doctor.id])
    _alembic(database, "downgrade", "0002")
    assert "visit_type" not in inspect(database.reader).get_table_names()
    _alembic(database, "upgrade", "head")
    with database.read() as session:
        again = session.scalars(doctors.matching(None, "zoe", inactive=False)).one()
        assert timetables.week_of(session, again.id) == [WeeklyWindow(2, Window(540, 600, 30))]
        assert session.get(Clinic, 1) is not None
        looks = session.scalars(select(Doctor.skeleton)).all()
        assert names.skeleton("Dr. Mei Chen") in looks
        for name in NAMES:
            (found,) = session.scalars(doctors.matching(name, name, inactive=False))
            assert found.name == name


def _time_off() -> TimeOff:
    now = datetime(2027, 1, 4, tzinfo=UTC)
    return TimeOff(id=new_id(), starts_at=now, ends_at=now + timedelta(1), created_at=now)


def test_alembic_works_from_a_checkout(empty: str) -> None:
    """`alembic` itself upgrades, finds no drift, and downgrades the database of the settings."""
    checkout = Path(__file__).parents[2]
    environment = {**os.environ, "CALENDULA_DATABASE_URL": empty}
    for arguments in ("upgrade", "head"), ("check",), ("downgrade", "base"), ("upgrade", "head"):
        command = [sys.executable, "-m", "alembic", *arguments]
        subprocess.run(command, cwd=checkout, env=environment, check=True)


def test_several_may_migrate_at_once(empty: str) -> None:
    """Of processes that migrate one database at the same time, all end well."""
    command = [sys.executable, "-m", "calendula", "migrate"]
    environment = {**os.environ, "CALENDULA_DATABASE_URL": empty}
    processes = [subprocess.Popen(command, env=environment) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    database = Database.from_settings(Settings(database_url=empty))
    assert schema.present(database) == schema.wanted()
    database.close()


def test_a_database_without_tables_has_no_revision(empty: str) -> None:
    """Before the first migration there is none, and asking is no error."""
    database = Database.from_settings(Settings(database_url=empty))
    assert schema.present(database) is None
    database.close()

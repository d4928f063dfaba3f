"""`calendula check` finds what is wrong: each database is broken on purpose, in each way."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, insert, text, update

from calendula import clock
from calendula.access.models import AppointmentToken
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.events import service as events
from calendula.upkeep.check import Finding, State, check, clocks
from support import load
from support.commands import run

Break = Callable[[Connection], Any]
PAST_KEYS = "SET session_replication_role = replica"
LONG = {"storage", "rows", "events"}


def _look(database: Database) -> dict[str, Finding]:
    return {it.name: it for it in check(database)}


def _broken(database: Database) -> dict[str, str]:
    return {it.name: it.detail for it in check(database) if it.state is State.BROKEN}


def _tamper(database: Database, change: Break) -> None:
    """Change a database as somebody does who may do everything to it, past foreign keys too."""
    switch = "PRAGMA foreign_keys = OFF" if database.embedded else PAST_KEYS
    with database.writer.connect() as connection:
        connection.connection.cursor().execute(switch)  # SQLite hears it in no transaction alone
        change(connection)
        connection.commit()
        connection.invalidate()


def _sql(sqlite: str, postgresql: str | None = None) -> Break:
    def change(connection: Connection) -> None:
        embedded = connection.dialect.name == "sqlite"
        connection.execute(text(sqlite if embedded else postgresql or sqlite))

    return change


def test_a_sound_clinic_has_nothing_broken(clinic: Database) -> None:
    """A clinic that is well is told to be so, line by line, and nothing is left of what was tried.

    A warning there may be: of the SQLite of this machine, or of a server that does not wait.
    """
    rows = text("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM doctor)")
    with clinic.read() as session:
        before = session.execute(rows).one()
    found = _look(clinic)
    assert _broken(clinic) == {}
    assert {it.name for it in found.values() if it.state is State.WARNING} <= {
        "version",
        "durability",
    }
    assert {it.name for it in check(clinic, quick=True)} == set(found) - LONG
    with clinic.read() as session:
        assert session.execute(rows).one() == before


NO_OVERLAP = _sql(
    "DROP TRIGGER appointment_no_overlap_insert",
    "ALTER TABLE appointment DROP CONSTRAINT appointment_no_overlap",
)
NO_APPEND_ONLY = _sql(
    "DROP TRIGGER event_append_only_update", "ALTER TABLE event DISABLE TRIGGER event_append_only"
)
OTHER_RULE = _sql(
    "CREATE UNIQUE INDEX appointment_slot_key ON appointment (doctor_id, date, slot)"
    " WHERE status = 'pending'"
)
BREAKAGES: dict[str, tuple[list[Break], dict[str, str]]] = {
    "an overlap rule gone": (
        [NO_OVERLAP],
        {"rules": "no appointment_no_overlap", "enforced": "two appointments that overlap"},
    ),
    "the log's rule gone": (
        [NO_APPEND_ONLY],
        {"rules": "no event_append_only", "enforced": "a change of an event"},
    ),
    "the slot's index gone": (
        [_sql("DROP INDEX appointment_slot_key")],
        {
            "tables": "no index appointment_slot_key",
            "enforced": "a second appointment in one slot",
        },
    ),
    "the slot's index another": (
        [_sql("DROP INDEX appointment_slot_key"), OTHER_RULE],
        {"enforced": "a second appointment in one slot"},
    ),
    "a column gone": (
        [_sql("ALTER TABLE clinic DROP COLUMN phone")],
        {"tables": "no column clinic.phone"},
    ),
    "a stray token": (
        [
            lambda connection: connection.execute(
                insert(AppointmentToken).values(
                    digest=bytes(32), appointment_id=uuid4(), expires_at=clock.now()
                )
            )
        ],
        {"rows": "1 in appointment_token whose appointment_id is nowhere"},
    ),
    "a stray appointment": (
        [lambda connection: connection.execute(update(Appointment).values(doctor_id=uuid4()))],
        {"rows": "2 in appointment whose doctor_id is nowhere"},
    ),
    "an overlap": (
        [
            _sql(
                "DROP TRIGGER appointment_no_overlap_update",
                "ALTER TABLE appointment DROP CONSTRAINT appointment_no_overlap",
            ),
            _sql(
                "UPDATE appointment"
                " SET occupied_from = (SELECT min(occupied_from) FROM appointment)"
            ),
        ],
        {"rows": "1 in appointment that overlap another", "rules": "no appointment_no_overlap"},
    ),
    "an event altered": (
        [
            _sql(
                "DROP TRIGGER event_append_only_update",
                "ALTER TABLE event DISABLE TRIGGER event_append_only",
            ),
            _sql("UPDATE event SET actor = 'somebody' WHERE number = 1"),
        ],
        {"events": "was changed"},
    ),
    "a zone that nobody knows": (
        [lambda connection: connection.execute(update(Doctor).values(time_zone="Mars/Olympus"))],
        {"zones": "no data of Mars/Olympus"},
    ),
}


@pytest.mark.parametrize(("changes", "words"), BREAKAGES.values(), ids=BREAKAGES)
def test_what_is_broken_is_named(
    clinic: Database, changes: list[Break], words: dict[str, str]
) -> None:
    """Each thing that is broken is found, under its name, and in words that say what."""
    for change in changes:
        _tamper(clinic, change)
    found = _broken(clinic)
    assert {name: word for name, word in words.items() if word not in found.get(name, "")} == {}, (
        found
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("trigger", "what"),
    [
        ("appointment_no_overlap_update", "a move over another"),
        ("event_append_only_delete", "the removal of an event"),
    ],
)
def test_each_trigger_is_tried(clinic: Database, trigger: str, what: str) -> None:
    """A trigger that is there by name, and does nothing, is found by what it lets through."""
    table = trigger.partition("_")[0]
    _tamper(clinic, _sql(f"DROP TRIGGER {trigger}"))
    _tamper(clinic, _sql(f"CREATE TRIGGER {trigger} AFTER INSERT ON {table} BEGIN SELECT 1; END"))
    assert _broken(clinic) == {"enforced": f"permits {what}"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_damaged_page_is_found(clinic: Database) -> None:
    """A page of the file that was overwritten is named, and the rest is still told."""
    assert clinic.file is not None
    clinic.close()
    content = bytearray(clinic.file.read_bytes())
    with clinic.read() as session:
        page = session.scalars(
            text("SELECT rootpage FROM sqlite_schema WHERE name = 'event_patient_id_number_index'")
        ).one()
        size = session.scalars(text("PRAGMA page_size")).one()
    clinic.close()
    content[(page - 1) * size : page * size] = b"\xa5" * size
    clinic.file.write_bytes(content)
    found = _look(clinic)
    assert found["storage"].state is State.BROKEN
    assert found["zones"].state is State.OK


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_numbers_that_begin_again_are_found(clinic: Database) -> None:
    """A sequence that a careless restore left at its start is found before an event is refused."""
    _tamper(clinic, _sql("SELECT setval('event_number_seq', 1)"))
    assert "would be given twice" in _broken(clinic)["numbers"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_does_not_wait_is_told_of(clinic: Database) -> None:
    """Where commits do not wait for the disk by default, there is a warning."""
    name = clinic.writer.url.database
    with clinic.writer.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    clinic.writer.dispose()
    found = _look(clinic)["durability"]
    assert found.state is State.WARNING
    assert "synchronous_commit is off" in found.detail


def test_another_revision_is_all_that_is_told(clinic: Database) -> None:
    """A database of another version is not judged by this one's rules."""
    _tamper(clinic, _sql("UPDATE alembic_version SET version_num = '0003'"))
    (found,) = check(clinic)
    assert (found.name, found.state) == ("schema", State.BROKEN)
    assert found.detail.startswith("revision 0003, where this version wants ")


def test_an_event_from_the_future_is_told_of(clinic: Database) -> None:
    """A clock that was set back shows by the last event, which cannot be ahead of it."""
    with clinic.write() as session:
        events.record(session, "x", actor="system")
    _tamper(clinic, NO_APPEND_ONLY)
    _tamper(clinic, _sql("UPDATE event SET at = '2999-01-01 00:00:00.000000'"))
    found = _look(clinic)["clock"]
    assert found.state is State.WARNING
    assert "a clock was set back" in found.detail


NOON = datetime(2035, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, []), (4, []), (-4, []), (90, ["90 s ahead"]), (-3600, ["3600 s behind"])],
)
def test_clocks_that_differ_are_told_of(seconds: int, told: list[str]) -> None:
    """A database's clock may differ by what a message takes, and by no more."""
    found = list(clocks(NOON, NOON + timedelta(seconds=seconds), NOON, None))
    assert [f"the database's clock is {each}" for each in told] == found


def test_the_command_ends_by_what_it_found(
    clinic: Database, database_url: str, tmp_path: Path
) -> None:
    """The exit code is 0 or 1 where nothing is broken, and 2 where something is, with its line."""
    good = run(tmp_path, "check", "--json", DATABASE_URL=database_url)
    told = json.loads(good.stdout)
    assert (good.returncode, told["state"]) in {(0, "ok"), (1, "warning")}
    assert {it["state"] for it in told["findings"]} <= {"ok", "warning"}
    _tamper(clinic, NO_OVERLAP)
    bad = run(tmp_path, "check", "--quick", DATABASE_URL=database_url)
    assert (bad.returncode, bad.stderr) == (2, "")
    assert any(
        line.split()[:4] == ["broken", "enforced", "permits", "two"]
        for line in bad.stdout.splitlines()
    )


def test_no_database_is_made(tmp_path: Path) -> None:
    """A file that is not there is one line and exit code 2, and still is not there."""
    result = run(tmp_path, "check")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "calendula: There is no database at calendula.db.\n"
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_named(clinic: Database) -> None:
    """What is told of a broken database has nobody's name in it."""
    _tamper(
        clinic,
        lambda connection: connection.execute(update(Appointment).values(doctor_id=UUID(int=1))),
    )
    told = " ".join(it.detail for it in check(clinic))
    assert "2 in appointment" in told
    assert "Patient" not in told
    assert load.DOCTOR not in told

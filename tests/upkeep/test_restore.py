"""A restore puts back what the backup had, and keeps what was there."""

from pathlib import Path
from stat import S_IMODE

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from calendula.access import service as access
from calendula.access.models import ApiKey
from calendula.access.roles import ADMIN
from calendula.clinic.patients import erasure
from calendula.database import Database, schema
from calendula.patients.models import Patient
from calendula.settings import Settings
from calendula.upkeep.backup import back_up
from support import load
from support.access import bearer
from support.commands import run
from support.restoring import aside_of, held, restored, settings_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""SQLite alone: PostgreSQL has its own tool."""


def test_a_backup_comes_back(clinic: Database, backup: Path) -> None:
    """What the backup had is there again, in one file, and what was there is kept beside it."""
    assert held(clinic) == 0
    lines = restored(clinic, backup)
    assert lines[0] == f"Restored copy.db, of revision {schema.wanted()}."
    assert held(clinic) == 2
    aside = aside_of(lines)
    assert len(load.held(f"sqlite:///{aside}")) == 0
    names = {it.name for it in backup.parent.iterdir()}
    assert names - {"calendula.db", "copy.db", aside.name} <= {"server.log"}


def test_a_token_from_before_opens_its_appointment(database_url: str, tmp_path: Path) -> None:
    """After a restore the clinic is served as before, and a patient's token opens what it did."""
    with load.service(tmp_path, database_url) as service, load.connection_to(service.url) as one:
        token = load.book(one, load.slot(0)).members["manage_token"]
        back_up(Settings(database_url=database_url), tmp_path / "copy.db")
        assert load.book(one, load.slot(1)).status == 201
    assert run(tmp_path, "restore", "copy.db", DATABASE_URL=database_url).returncode == 0
    with load.service(tmp_path, database_url) as service, load.connection_to(service.url) as one:
        (booked,) = load.held(database_url)
        one.request("GET", f"/v1/appointments/{booked.id}", headers=bearer(token))
        response = one.getresponse()
        response.read()
        assert response.status == 200
        assert load.book(one, load.slot(0)).status == 409
        assert load.book(one, load.slot(1)).status == 201


def test_an_older_backup_is_migrated(clinic: Database, backup: Path) -> None:
    """A backup from before an upgrade is of this version's schema when it has been restored."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()))
    older = Database.from_settings(Settings(database_url=f"sqlite:///{backup}"))
    with older.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
    older.close()
    assert restored(clinic, backup)[0] == "Restored copy.db, of revision 0007."
    assert schema.present(clinic) == schema.wanted()
    assert held(clinic) == 2


def test_who_was_erased_since_is_named(clinic: Database, backup: Path) -> None:
    """Who is back though erased since, and which key though revoked since, is said."""
    with clinic.write() as session:
        session.execute(text("DELETE FROM appointment_token"))
        patient_id = session.scalars(select(Patient.id).order_by(Patient.name)).first()
        assert patient_id is not None
        erasure.erase(session, patient_id)
        handle = access.create(session, "desk", ADMIN, actor="command").key.handle
    clinic.close()
    back_up(settings_of(clinic), backup.with_name("newer.db"))
    with clinic.write() as session:
        access.revoke(session, ApiKey.handle == handle, actor="command")
    clinic.close()
    lines = restored(clinic, backup.with_name("newer.db"))
    assert lines[2:] == [f"Revoked since, so revoke again: key {handle}"]
    lines = restored(clinic, backup)
    assert lines[2:] == [f"Erased since, so erase again: patient {patient_id}"]


def test_an_empty_place_is_filled(clinic: Database, backup: Path, tmp_path: Path) -> None:
    """On a new machine, where there is no database yet, the backup becomes it, for its owner."""
    new = tmp_path / "new"
    new.mkdir()
    result = run(tmp_path, "restore", "copy.db", DATABASE_URL=f"sqlite:///{new / 'clinic.db'}")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"Restored copy.db, of revision {schema.wanted()}.\n"
    assert [it.name for it in new.iterdir()] == ["clinic.db"]
    assert S_IMODE((new / "clinic.db").stat().st_mode) == 0o600


def test_what_was_committed_last_is_kept_aside(clinic: Database, backup: Path) -> None:
    """What a service that was killed had in its write-ahead log is in the file that is kept."""
    assert clinic.file is not None
    url = f"sqlite:///{clinic.file}"
    with load.service(backup.parent, url) as service, load.connection_to(service.url) as one:
        assert load.book(one, load.slot(7)).status == 201
        service.kill()
    assert clinic.file.with_name("calendula.db-wal").stat().st_size > 0
    aside = aside_of(restored(clinic, backup))
    assert len(load.held(f"sqlite:///{aside}")) == 1
    assert not clinic.file.with_name("calendula.db-wal").exists()

"""A migration of the next version while this one serves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import func, select

from calendula.appointments.models import Appointment
from calendula.database import schema
from support import commands, load, servers
from support.insisting import Insisting

_NEXT = '''"""A column more in the table that everybody uses."""

import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{last}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointment", sa.Column("room", sa.Text(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("appointment", "room")
'''


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    """The folder of a checkout that has a migration more."""
    here, there = Path(__file__).parents[2], tmp_path / "next"
    shutil.copytree(here / "src", there / "src")
    shutil.copytree(here / "migrations", there / "migrations")
    last = schema.wanted()
    new = f"{int(last) + 1:04}"
    (there / "migrations" / "versions" / f"{new}_next.py").write_text(
        _NEXT.format(next=new, last=last)
    )
    return there


def test_the_clinic_is_migrated_under_load(
    tmp_path: Path, postgresql_url: str, next_version: Path
) -> None:
    """While the next version's migration runs this one serves on, and until the next one does."""
    with load.service(tmp_path, postgresql_url) as service, Insisting(service.url) as patients:
        patients.go_on()
        migrated = _migrate(next_version, postgresql_url)
        assert migrated.returncode == 0, migrated.stderr
        patients.go_on(since="the migration")
        assert httpx.get(f"{service.url}/readyz").status_code == 503  # the next one's turn
        assert set(patients.told) <= {"201", "409"}
    patients.assert_kept(postgresql_url)
    refused = commands.run(tmp_path, "doctor", "list", DATABASE_URL=postgresql_url)
    assert "upgrade Calendula" in refused.stderr
    environment = {"CALENDULA_DATABASE_URL": postgresql_url, "PYTHONPATH": f"{next_version}/src"}
    with servers.running(next_version, environment):
        pass  # it is ready


def test_a_migration_does_not_stop_the_clinic(
    tmp_path: Path, postgresql_url: str, next_version: Path
) -> None:
    """A migration that waits for a long query gives up with a line that says so; bookings go on."""
    with load.service(tmp_path, postgresql_url) as service, Insisting(service.url) as patients:
        patients.go_on()
        with load.database_of(postgresql_url) as database, database.write() as report:
            report.execute(select(func.count(Appointment.id)))
            given_up = _migrate(next_version, postgresql_url, CALENDULA_LOCK_TIMEOUT="0.5")
            patients.go_on(since="the migration gave up")
        assert httpx.get(f"{service.url}/readyz").status_code == 200
    assert given_up.returncode == 2
    (line,) = given_up.stderr.splitlines()
    assert line == ("calendula: The database refuses: canceling statement due to lock timeout")
    assert set(patients.told) <= {"201", "409", "503"}
    patients.assert_kept(postgresql_url)


def _migrate(version: Path, database_url: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "calendula", "migrate"],
        cwd=version,
        env={
            **os.environ,
            "PYTHONPATH": f"{version}/src",
            "CALENDULA_DATABASE_URL": database_url,
            **settings,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

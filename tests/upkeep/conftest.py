from pathlib import Path

import pytest
from sqlalchemy import text

from calendula.appointments import service as appointments
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.patients import service as patients
from calendula.upkeep.backup import back_up
from support import load
from support.restoring import settings_of


@pytest.fixture
def clinic(database: Database) -> Database:
    """A clinic with two appointments of two patients, which nobody serves."""
    for number in range(2):
        wanted = load.slot(number)
        with database.write() as session:
            appointments.book(
                session,
                doctors.get(session, wanted.doctor),
                ByLabel(wanted.day, wanted.label),
                Details(patients.identify(session, str(number), f"Patient {number}")),
                actor="public",
                past=True,
            )
    return database


@pytest.fixture
def backup(clinic: Database, tmp_path: Path) -> Path:
    """A backup of a clinic with two appointments, which has gone on since without them."""
    copy = tmp_path / "copy.db"
    back_up(settings_of(clinic), copy)
    with clinic.write() as session:
        session.execute(text("UPDATE appointment SET status = 'cancelled'"))
    clinic.close()
    return copy

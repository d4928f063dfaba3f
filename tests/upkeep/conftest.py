import pytest

from calendula.appointments import service as appointments
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.patients import service as patients
from support import load


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

from sqlalchemy import select

from calendula.database import Database
from calendula.patients import service
from calendula.patients.models import Patient


def test_a_patient_is_known_again(database: Database) -> None:
    """The same identifier and name are the same patient."""
    with database.write() as session:
        first = service.identify(session, "1", "Asha Verma")
    with database.write() as session:
        assert service.identify(session, "1", "Asha Verma") == first


def test_a_booking_rewrites_nobody(database: Database) -> None:
    """Another name under a known identifier is another patient; the first stays as they were."""
    with database.write() as session:
        first = service.identify(session, "1", "Asha Verma")
        assert service.identify(session, "1", "Ravi Verma") != first
        names = session.scalars(select(Patient.name).order_by(Patient.name)).all()
    assert names == ["Asha Verma", "Ravi Verma"]

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


def test_many_patients_are_known_at_once(database: Database) -> None:
    """Of many, those who are known are themselves, and each other is new, once."""
    with database.write() as session:
        known = service.identify(session, "1", "Asha Verma")
        people = [("1", "Asha Verma"), ("1", "Ravi Verma"), ("2", "Asha Verma")]
        ids = service.identify_all(session, [*people, *people])
        assert ids["1", "Asha Verma"] == known
        assert len(set(ids.values())) == len(ids) == 3
        assert service.identify_all(session, people) == ids

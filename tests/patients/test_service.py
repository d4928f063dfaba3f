from concurrent.futures import ThreadPoolExecutor, wait
from uuid import UUID

import pytest
from sqlalchemy import select

from calendula.database import Database
from calendula.errors import Unavailable
from calendula.patients import records, service
from calendula.patients.models import Patient
from calendula.settings import Settings


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
        ids = service.identify_all(session, [*people, *people]).ids
        assert ids["1", "Asha Verma"] == known
        assert len(set(ids.values())) == len(ids) == 3
        assert service.identify_all(session, people).ids == ids


def _identify(database: Database, *who: str | None, **contact: str) -> UUID:
    with database.write() as session:
        return service.identify(session, *who, **contact)  # type: ignore[arg-type]


def test_without_an_identifier_the_contact_tells(database: Database) -> None:
    """Who has no identifier is known again by name, e-mail address and telephone number."""
    contact = {"email": "asha@example.com", "phone": "112"}
    asha = _identify(database, None, "Asha Verma", **contact)
    assert _identify(database, None, "Asha Verma", **contact) == asha
    others = [
        _identify(database, None, "Ravi Verma", **contact),
        _identify(database, None, "Asha Verma", email="asha@example.com"),
        _identify(database, None, "Asha Verma", phone="112"),
        _identify(database, None, "Asha Verma", phone="112", email="rao@example.com"),
        _identify(database, "1", "Asha Verma", **contact),
    ]
    assert len({asha, *others}) == 6
    assert _identify(database, None, "Asha Verma", phone="112") == others[2]


def test_a_name_alone_tells_nobody(database: Database) -> None:
    """Two people may share a name: without anything else each booking is somebody new."""
    assert _identify(database, None, "Asha Verma") != _identify(database, None, "Asha Verma")


def test_a_contact_is_not_rewritten(database: Database) -> None:
    """A new patient gets the contact and what they are found by; of a known one nothing changes."""
    asha = _identify(database, "1", "Äsha Verma", email="a@example.com", phone="112")
    assert _identify(database, "1", "Äsha Verma", email="b@example.com", phone="113") == asha
    assert _identify(database, "1", "Äsha Verma") == asha
    with database.read() as session:
        (patient,) = session.scalars(select(Patient))
    assert (patient.email, patient.phone) == ("a@example.com", "112")
    assert patient.search_key == "asha verma"


def test_who_was_merged_is_who_they_are_now(database: Database) -> None:
    """One or many at once, those who were merged lead to whom they were merged into."""
    asha = _identify(database, "1", "Asha Verma")
    nameless = _identify(database, None, "Asha", phone="112")
    alias = _identify(database, "1", "Asha Verm")
    with database.write() as session:
        for duplicate in nameless, alias:
            records.merge(session, *records.take(session, asha, duplicate))
    assert _identify(database, "1", "Asha Verm") == asha
    assert _identify(database, None, "Asha", phone="112") == asha
    people = [("1", "Asha Verm"), ("1", "Asha Verma"), ("2", "Ravi")]
    with database.write() as session:
        ids = service.identify_all(session, people).ids
        keys = session.scalars(select(Patient.search_key).where(Patient.name == "Ravi")).all()
    assert ids["1", "Asha Verm"] == ids["1", "Asha Verma"] == asha
    assert keys == ["ravi"]


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_a_merge_waits_for_a_booking(database_url: str, many: bool) -> None:
    """While a booking is under way, its patient can be neither merged nor erased."""
    settings = Settings(database_url=database_url, lock_timeout=0.3)
    one, other = Database.from_settings(settings), Database.from_settings(settings)
    asha, alias = (_identify(one, "1", name) for name in ("Asha Verma", "Asha Verm"))
    with one.write() as booking:
        if many:
            service.identify_all(booking, [("1", "Asha Verm")])
        else:
            service.identify(booking, "1", "Asha Verm")
        for ids in (asha, alias), (alias,):
            with pytest.raises(Unavailable), other.write() as session:
                records.take(session, *ids)
    with other.write() as session:
        assert [it.id for it in records.take(session, alias, asha)] == [alias, asha]
    one.close()
    other.close()


@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize("erased", [False, True], ids=["merged", "erased"])
def test_a_booking_waits_for_a_change(database_url: str, many: bool, erased: bool) -> None:
    """A booking that comes while its patient is merged or erased sees what has become of them."""
    database = Database.from_settings(Settings(database_url=database_url))
    asha, alias = (_identify(database, "1", name) for name in ("Asha Verma", "Asha Verm"))

    def book() -> UUID:
        with database.write() as session:
            if many:
                return service.identify_all(session, [("1", "Asha Verm")]).ids["1", "Asha Verm"]
            return service.identify(session, "1", "Asha Verm")

    with ThreadPoolExecutor() as pool:
        with database.write() as session:
            patient, duplicate = records.take(session, asha, alias)
            if erased:
                records.erase(session, duplicate)
            else:
                records.merge(session, patient, duplicate)
            booking = pool.submit(book)
            wait([booking], timeout=0.3)
            assert not booking.done()
        found = booking.result()
    assert (found not in {asha, alias}) if erased else (found == asha)
    database.close()

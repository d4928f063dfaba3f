import pytest

from calendula.database import Database
from calendula.doctors import service


def test_a_doctor_is_found_by_any_spelling(database: Database) -> None:
    """Case and spacing of a name do not matter."""
    with database.read() as session:
        doctor = service.find(session, " dr. rajesh   KUMAR ")
    assert doctor is not None
    assert doctor.name == "Dr. Rajesh Kumar"


def test_a_name_is_given_once(database: Database) -> None:
    """A second doctor of the same normalised name is not added."""
    with database.write() as session:
        with pytest.raises(service.NameTaken):
            service.add(session, "DR. rajesh kumar", time_zone="UTC")
        service.add(session, "Dr. Rajesh Kumar jr.", time_zone="UTC")


@pytest.mark.parametrize(
    "name",
    [
        "Dr. R\N{CYRILLIC SMALL LETTER A}jesh Kumar",
        "\N{CYRILLIC CAPITAL LETTER EM}ei Chen",
        "Dr. Lena H\N{GREEK SMALL LETTER OMICRON}ffmann",
        "Dr. Lena H0ffmann",
    ],
)
def test_a_name_that_looks_like_anothers_is_refused(database: Database, name: str) -> None:
    """Nobody passes for another doctor with letters of another script, or a digit for a letter."""
    with database.write() as session:
        service.add(session, "Mei Chen", time_zone="UTC")
    with pytest.raises(service.NameConfusable), database.write() as session:
        service.add(session, name, time_zone="UTC")


@pytest.mark.parametrize(("active", "named"), [(True, ["Dr. Mei Chen"]), (False, [])])
def test_whom_a_name_looks_like_is_told(database: Database, active: bool, named: list[str]) -> None:
    """The refusal names the doctor meant, unless they see no patients: that is for the staff."""
    with database.write() as session:
        mei = service.get(session, "Dr. Mei Chen")
        mei.active = active
        session.flush()
        with pytest.raises(service.NameConfusable) as refusal:
            service.add(session, "Dr. M\N{CYRILLIC SMALL LETTER IE}i Chen", time_zone="UTC")
    assert refusal.value.members["nearest_doctors"] == named


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [("Dr. Rajesh Kumr", "Dr. Rajesh Kumar"), ("lena hofmann", "Dr. Lena Hoffmann")],
)
def test_who_is_misspelt_is_suggested(database: Database, asked: str, nearest: str) -> None:
    """An unknown name is answered with the nearest known ones, the best first."""
    with database.read() as session, pytest.raises(service.UnknownDoctor) as failure:
        service.get(session, asked)
    suggestions = failure.value.members["nearest_doctors"]
    assert isinstance(suggestions, list)
    assert suggestions[0] == nearest


def test_who_is_like_nobody_gets_no_suggestion(database: Database) -> None:
    """A name that is near to none suggests nobody."""
    with database.read() as session, pytest.raises(service.UnknownDoctor) as failure:
        service.get(session, "张伟")
    assert failure.value.members == {"nearest_doctors": []}


def test_doctors_are_listed_by_name(database: Database) -> None:
    """The list is in the order of the names."""
    with database.read() as session:
        names = [doctor.name for doctor in service.everyone(session)]
    assert names == ["Dr. Amina Yusuf", "Dr. Lena Hoffmann", "Dr. Mei Chen", "Dr. Rajesh Kumar"]


def test_many_doctors_are_found_at_once(database: Database) -> None:
    """Those whose names have the keys are found, by key, and nobody else."""
    with database.read() as session:
        found = service.find_all(session, ["dr. mei chen", "dr. rajesh kumar", "dr. who"])
        names = {key: doctor.name for key, doctor in found.items()}
    assert names == {"dr. mei chen": "Dr. Mei Chen", "dr. rajesh kumar": "Dr. Rajesh Kumar"}

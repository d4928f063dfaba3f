from sqlalchemy import func, select

from calendula.doctors.models import Doctor
from calendula.patients.models import Patient
from calendula.samples import DOCTORS
from support import load
from support.load import Booking
from support.servers import Server

ROUNDS = 10
CLIENTS = 50


def _race(service: Server, round_number: int, doctor: str) -> None:
    """Let one new patient book fifty slots of a doctor at once, and get all of them."""
    slots = map(load.slot, range(round_number * CLIENTS, (round_number + 1) * CLIENTS))
    bookings: list[Booking] = [it._replace(patient=round_number, doctor=doctor) for it in slots]
    answers = load.all_at_once(service.url, bookings)
    assert [answer.status for answer in answers] == [201] * CLIENTS


def test_a_new_doctor_is_made_once(service: Server, database_url: str) -> None:
    """Fifty bookings at once with a doctor whom nobody knew make that doctor once."""
    for number in range(ROUNDS):
        _race(service, number, f"Dr. {number}")
    with load.database_of(database_url) as database, database.read() as session:
        assert session.scalar(select(func.count(Doctor.id))) == len(DOCTORS) + ROUNDS


def test_a_new_patient_is_made_once(service: Server, database_url: str) -> None:
    """Fifty bookings at once for a patient whom nobody knew make that patient once."""
    for number in range(ROUNDS):
        _race(service, number, load.DOCTOR)
    with load.database_of(database_url) as database, database.read() as session:
        assert session.scalar(select(func.count(Patient.id))) == ROUNDS

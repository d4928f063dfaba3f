from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from threading import Barrier

from sqlalchemy import update

from calendula import clock
from calendula.doctors.models import Doctor
from support import load
from support.load import Answer, Booking
from support.servers import Server

ROUNDS = 60
LIMIT = 2


def _book_all(url: str, ready: Barrier, label: str) -> list[Answer]:
    """Book a slot for each patient, each at the same moment as all others do."""

    def book(connection: HTTPConnection, patient: int) -> Answer:
        ready.wait()
        day = clock.now().date() + timedelta(days=2 + patient)
        return load.book(connection, Booking(day, label, patient))

    with load.connection_to(url) as connection:
        return [book(connection, patient) for patient in range(ROUNDS)]


def test_a_patient_gets_no_more_than_the_policy_allows(service: Server, database_url: str) -> None:
    """Who wants eight slots of a day at once, and may have two appointments, gets two."""
    with load.database_of(database_url) as database, database.write() as session:
        session.execute(update(Doctor).values(policy={"max_future_appointments": LIMIT}))
    ready = Barrier(len(load.LABELS), timeout=load.PATIENCE)
    with ThreadPoolExecutor(len(load.LABELS)) as pool:
        each = [pool.submit(_book_all, service.url, ready, label) for label in load.LABELS]
        answers = [future.result() for future in each]
    for patient in zip(*answers, strict=True):
        refused = [answer.members["code"] for answer in patient if answer.status == 409]
        assert [answer.status for answer in patient].count(201) == LIMIT
        assert set(refused) == {"too-many-appointments"}

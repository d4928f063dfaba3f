import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula.database import Database
from calendula.doctors.models import Doctor

EIGHT = [
    "9:00 AM - 9:30 AM",
    "9:30 AM - 10:00 AM",
    "10:00 AM - 10:30 AM",
    "10:30 AM - 11:00 AM",
    "11:00 AM - 11:30 AM",
    "11:30 AM - 12:00 PM",
    "2:00 PM - 2:30 PM",
    "2:30 PM - 3:00 PM",
]
ASKED = "/available_slots?doctor_name=Dr.%20Rajesh%20Kumar&date=2025-02-07"


def _book(client: TestClient, slot: str) -> None:
    booking = {
        "patient_id": "1",
        "patient_name": "Asha",
        "doctor_name": "Dr. Rajesh Kumar",
        "time_slot": slot,
        "date": "2025-02-07",
    }
    assert client.post("/book_appointment", json=booking).status_code == 201


def test_a_free_day_has_the_default_slots(client: TestClient) -> None:
    """The answer is the contract's, to the letter: eight slots in time order."""
    answer = client.get(ASKED)
    assert (answer.status_code, answer.json()) == (200, {"available_slots": EIGHT})


def test_a_booked_slot_is_gone(client: TestClient) -> None:
    """What was booked is not offered any more, to nobody who asks after the 201."""
    _book(client, EIGHT[2])
    assert client.get(ASKED).json() == {"available_slots": EIGHT[:2] + EIGHT[3:]}


def test_a_full_day_says_why(client: TestClient) -> None:
    """A day without free slots is 200, an empty list and the reason."""
    for slot in EIGHT:
        _book(client, slot)
    answer = client.get(ASKED)
    assert (answer.status_code, answer.json()) == (200, {"available_slots": [], "reason": "full"})


def test_a_lookup_writes_nothing(client: TestClient, database: Database) -> None:
    """In an open clinic, a doctor whom nobody knows has the default slots, and is not made."""
    answer = client.get("/available_slots?doctor_name=Dr.%20Who&date=2025-02-07")
    assert (answer.status_code, answer.json()) == (200, {"available_slots": EIGHT})
    with database.read() as session:
        assert session.scalar(select(func.count(Doctor.id))) == 4


def test_a_closed_clinic_knows_its_doctors(closed_client: TestClient) -> None:
    """An unknown doctor is 404 with the nearest known names."""
    answer = closed_client.get("/available_slots?doctor_name=Dr.%20Mei%20Chan&date=2025-02-07")
    assert answer.status_code == 404
    assert answer.json()["nearest_doctors"] == ["Dr. Mei Chen"]


def test_a_closed_clinic_does_not_offer_the_past(closed_client: TestClient) -> None:
    """A date that is over is 200, an empty list and the reason."""
    assert closed_client.get(ASKED).json() == {"available_slots": [], "reason": "past"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "doctor_name=x",
        "date=2025-02-07",
        "doctor_name=&date=2025-02-07",
        "doctor_name=%20&date=",
    ],
)
def test_all_parameters_are_required(client: TestClient, query: str) -> None:
    """A parameter that is missing or blank gets 422 and the contract's message."""
    answer = client.get(f"/available_slots?{query}")
    assert (answer.status_code, answer.json()["msg"]) == (422, "All fields are required!")


def test_the_unforeseen_answers_by_the_contract(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything unforeseen is 500 with the contract's message."""
    monkeypatch.setattr("calendula.timetables.service.load_all", lambda *_: 1 / 0)
    answer = client.get(ASKED)
    assert answer.status_code == 500
    assert answer.json()["msg"] == "Error in fetching available slots"

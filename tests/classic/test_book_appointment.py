import re
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula import clock
from calendula.app import create_app
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.idempotency.models import IdempotencyKey
from calendula.patients import service as patients
from calendula.patients.models import Patient
from calendula.settings import Settings
from support import BOOKING

TOKEN = re.compile(r"mng_[\w-]{43}", re.ASCII)
FREE = [
    "9:00 AM - 9:30 AM",
    "9:30 AM - 10:00 AM",
    "10:30 AM - 11:00 AM",
    "11:00 AM - 11:30 AM",
    "11:30 AM - 12:00 PM",
    "2:00 PM - 2:30 PM",
    "2:30 PM - 3:00 PM",
]


def _book(client: TestClient, key: str | None = None, **other: Any) -> Any:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post("/book_appointment", json={**BOOKING, **other}, headers=headers)


def _count(database: Database, table: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _ahead(days: int) -> str:
    """Return a date that is some days from now in the doctors' zone."""
    today = clock.now().astimezone(ZoneInfo("Asia/Kolkata")).date()
    return (today + timedelta(days=days)).isoformat()


def test_a_booking_answers_by_the_contract(client: TestClient) -> None:
    """The answer has the contract's message, the appointment's id and its time with offset."""
    answer = _book(client)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert UUID(body.pop("appointment_id"))
    assert TOKEN.fullmatch(body.pop("manage_token"))
    assert body == {
        "msg": "Appointment booked successfully!",
        "doctor_name": "Dr. Rajesh Kumar",
        "date": "2025-02-07",
        "time_slot": "10:00 AM - 10:30 AM",
        "starts_at": "2025-02-07T10:00:00+05:30",
        "ends_at": "2025-02-07T10:30:00+05:30",
    }


def test_a_taken_slot_answers_by_the_contract(client: TestClient, database: Database) -> None:
    """The second one gets 409, the contract's message, and what is free instead."""
    _book(client)
    answer = _book(client, patient_id="P-2", patient_name="Ravi")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["msg"] == "Time slot already booked! Choose another slot."
    assert (body["code"], body["available_slots"]) == ("slot-taken", FREE)
    assert _count(database, Patient) == 1


def test_a_slot_that_is_not_offered_says_so(client: TestClient) -> None:
    """A time outside the timetable gets 409, a message that says so, and what is free instead."""
    _book(client)
    answer = _book(client, time_slot="10:15 AM - 10:45 AM")
    assert answer.status_code == 409
    body = answer.json()
    assert body["msg"] == "The doctor does not offer this time slot! Choose another slot."
    assert (body["code"], body["available_slots"]) == ("slot-not-offered", FREE)


@pytest.mark.parametrize("written", ["10:00 am-10:30 am", "10:00-10:30", " 10:00 AM – 10:30 AM "])
def test_a_slot_may_be_written_leniently(client: TestClient, written: str) -> None:
    """However the slot is written, it is the same slot, and comes back in the canonical form."""
    assert _book(client, time_slot=written).json()["time_slot"] == "10:00 AM - 10:30 AM"
    assert _book(client).status_code == 409


def test_a_doctors_name_is_read_leniently(client: TestClient) -> None:
    """Case and spacing do not make another doctor; the name comes back as it is known."""
    assert _book(client, doctor_name=" dr. RAJESH  kumar ").json()["doctor_name"] == (
        "Dr. Rajesh Kumar"
    )
    assert _book(client).status_code == 409


def test_an_identifier_may_be_a_number(client: TestClient, database: Database) -> None:
    """A patient_id of 7 and one of "7" are the same patient."""
    assert _book(client, patient_id=7).status_code == 201
    assert _book(client, patient_id="7", date="2025-02-08").status_code == 201
    assert _count(database, Patient) == 1


@pytest.mark.parametrize(
    "name",
    [
        "José",
        "O'Brien",
        "张伟",
        "🩺",
        "مريم العلي",
        "می\u200cخواهم",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "'; DROP TABLE patient; --",
    ],
)
def test_names_of_every_kind_are_kept(client: TestClient, database: Database, name: str) -> None:
    """A name in any script, or one that looks like code, is stored and shown as it is."""
    answer = _book(client, patient_name=name, doctor_name=name, patient_id=name)
    assert (answer.status_code, answer.json()["doctor_name"]) == (201, name)
    with database.read() as session:
        stored = session.execute(select(Patient.identifier, Patient.name)).one()
    assert tuple(stored) == (name, name)


def test_unknown_members_are_ignored(client: TestClient) -> None:
    """Clients that send more than the contract says are served."""
    assert _book(client, phone="030 123", nested={"a": [1, None]}).status_code == 201


def test_an_open_clinic_takes_on_any_doctor(client: TestClient, database: Database) -> None:
    """Booking with a name that is not known yet makes that doctor, once, with the default week."""
    assert _book(client, doctor_name="Dr. Who").status_code == 201
    assert _book(client, doctor_name="dr. who", date="2025-02-08").status_code == 201
    assert _count(database, Doctor) == 5


def test_a_refused_booking_makes_no_doctor(client: TestClient, database: Database) -> None:
    """Nothing is written unless the answer is 2xx."""
    before = [_count(database, table) for table in (Doctor, Patient, Event, IdempotencyKey)]
    answer = _book(client, "key", doctor_name="Dr. Who", time_slot="8:00 PM - 8:30 PM")
    assert (answer.status_code, len(answer.json()["available_slots"])) == (409, 8)
    assert [_count(database, table) for table in (Doctor, Patient, Event, IdempotencyKey)] == before


@pytest.mark.parametrize("date", ["1999-12-31", "0001-01-01", "9999-12-31", "2024-02-29"])
def test_an_open_clinic_books_any_date(client: TestClient, date: str) -> None:
    """Past or far, any date of the calendar may be booked."""
    assert _book(client, date=date).status_code == 201


def test_a_closed_clinic_knows_its_doctors(closed_client: TestClient, database: Database) -> None:
    """An unknown doctor is 404 with the nearest known names, and is not made."""
    answer = _book(closed_client, doctor_name="Dr. Rajesh Kumr", date=_ahead(1))
    assert answer.status_code == 404
    assert answer.json()["msg"] == "No doctor of that name works here."
    assert answer.json()["nearest_doctors"] == ["Dr. Rajesh Kumar"]
    assert _count(database, Doctor) == 4


def test_a_closed_clinic_refuses_the_past(closed_client: TestClient) -> None:
    """Yesterday is 409 with a message that says so; tomorrow is booked."""
    answer = _book(closed_client, date=_ahead(-1))
    assert (answer.status_code, answer.json()["code"]) == (409, "slot-passed")
    assert answer.json()["available_slots"] == []
    assert _book(closed_client, date=_ahead(1)).status_code == 201


def test_a_key_replays_the_answer(client: TestClient, database: Database) -> None:
    """The same key and booking give the very same answer again, marked as a replay."""
    first = _book(client, "a key")
    again = _book(client, "a key", time_slot="10:00-10:30")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert _count(database, Appointment) == 1


def test_a_key_is_not_for_another_booking(client: TestClient, database: Database) -> None:
    """The same key with another body gets 422, and nothing is booked."""
    _book(client, "key")
    answer = _book(client, "key", patient_name="Ravi Verma", date="2025-02-08")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert _count(database, Appointment) == 1


def test_a_refused_booking_leaves_its_key_free(client: TestClient) -> None:
    """Only a booking that was made is remembered: the key of a refused one may be used again."""
    _book(client)
    assert _book(client, "key", patient_id="P-2").status_code == 409
    later = _book(client, "key", patient_id="P-2", time_slot="2:00 PM - 2:30 PM")
    assert later.status_code == 201
    assert "Idempotency-Replayed" not in later.headers


@pytest.mark.parametrize(
    ("one", "other"), [("abc", '"abc"'), ('"a\\"b"', 'a"b'), ('"a\\\\b"', "a\\b"), ("x y", '"x y"')]
)
def test_a_key_may_be_bare_or_quoted(client: TestClient, one: str, other: str) -> None:
    """Quotes and their escapes are not part of the key."""
    _book(client, one)
    assert _book(client, other).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", '""', '"a', "a\u00e9", "k" * 256, '"a"b"', f'"{"k" * 256}"'])
def test_what_is_no_key_is_refused(client: TestClient, database: Database, key: str) -> None:
    """A key that is empty, too long, badly quoted or not printable ASCII gets 422."""
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = client.post("/book_appointment", json=BOOKING, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-invalid")
    assert _count(database, Appointment) == 0


def test_a_key_of_the_longest_kind_works(client: TestClient) -> None:
    """255 characters are a key, quoted or not."""
    _book(client, "k" * 255)
    assert _book(client, f'"{"k" * 255}"').headers["Idempotency-Replayed"] == "true"


def test_a_repeated_key_is_refused(client: TestClient) -> None:
    """Two Idempotency-Key headers in one request are none."""
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = client.post("/book_appointment", json=BOOKING, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-invalid")


def test_the_unforeseen_answers_by_the_contract(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Anything unforeseen is 500 with the contract's message, and nothing of the cause."""

    def fail(*_: object) -> None:
        raise RuntimeError("Asha Verma")

    for identify in "identify", "identify_all":
        monkeypatch.setattr(f"calendula.patients.service.{identify}", fail)
    answer = _book(client)
    assert answer.status_code == 500
    assert answer.json()["msg"] == "Error in booking appointment!"
    assert "Asha" not in answer.text
    assert "Asha" not in caplog.text


def test_an_unknown_outcome_is_no_refusal(settings: Settings, database: Database) -> None:
    """Where the database does not answer in time, nobody knows: 503 with Retry-After."""
    impatient = settings.model_copy(update={"lock_timeout": 0.2})
    with TestClient(create_app(impatient)) as client, database.write() as session:
        patients.identify(session, BOOKING["patient_id"], BOOKING["patient_name"])
        answer = _book(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["msg"] == "Error in booking appointment!"
    assert answer.json()["code"] == "unavailable"

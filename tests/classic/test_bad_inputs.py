"""What clients send by mistake or on purpose, to the two endpoints, on both databases."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula import samples
from calendula.app import create_app
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.idempotency.models import IdempotencyKey
from calendula.patients.models import Patient
from calendula.settings import Settings
from support import BOOKING

TABLES = (Appointment, Doctor, Event, IdempotencyKey, Patient)
MARK = "Zanzibar"  # stands in every bad value, and must stand in no answer and no log line
JSON = {"Content-Type": "application/json"}
BAD_NAMES = {
    "blank": " \t\u2003",
    "too long": MARK * 40,
    "a megabyte": "x" * 1_000_000,
    "combining marks": MARK + "\u0301" * 10_000,
    "NUL": f"{MARK}\0",
    "bidi override": f"{MARK}\u202e",
    "bidi isolate": f"{MARK}\u2067",
    "zero-width space": f"{MARK}\u200b",
    "byte order mark": f"\ufeff{MARK}",
    "line break": f"{MARK}\nx",
}
BAD_DATES = {
    "no such day": "2027-02-30",
    "year 0": "0000-01-01",
    "year 10000": "10000-01-01",
    "date-time": "2025-02-07T00:00:00",
    "compact": "20250207",
    "week date": "2025-W06-5",
    "other digits": "２０２５-02-07",
    "words": MARK,
    "seconds": "1738886400",
}
BAD_SLOTS = {
    "words": MARK,
    "ends before it starts": "10:30 AM - 10:00 AM",
    "no length": "10:00 AM - 10:00 AM",
    "crosses midnight": "11:30 PM - 12:30 AM",
    "endless": "10:00 AM - 10:30 AM" + " " * 10_000,
}


@pytest.fixture(scope="module")
def clinic(module_url: str) -> Iterator[tuple[Database, TestClient]]:
    """An open clinic on each database, one for all these tests: none of them writes anything."""
    settings = Settings(database_url=module_url, open_clinic=True)
    with closing(Database.from_settings(settings)) as database:
        samples.add_doctors(database, "UTC")
        with TestClient(create_app(settings)) as client:
            yield database, client


@pytest.fixture
def client(
    clinic: tuple[Database, TestClient], caplog: pytest.LogCaptureFixture
) -> Iterator[TestClient]:
    """A client after whose test the tables are as before, and whose values are not in the log."""
    database, client = clinic
    before = _counts(database)
    yield client
    assert _counts(database) == before
    records = [record for record in caplog.get_records("call") if record.name != "httpx2"]
    requests = len(caplog.get_records("call")) - len(records)  # by the client's own log
    assert [record.name for record in records] == ["calendula.http"] * requests != []
    assert MARK not in str([record.msg for record in records])


def _counts(database: Database) -> list[int | None]:
    with database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in TABLES]


def _post(client: TestClient, body: Any, headers: dict[str, str] | None = None) -> Any:
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return client.post("/book_appointment", content=content, headers=headers or JSON)


def _refused(answer: Any, *statuses: int) -> None:
    """See that an answer is a problem of one of these statuses, with `msg`, and echoes nothing."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["msg"]
    assert MARK not in answer.text
    assert len(answer.content) < 2000


@pytest.mark.parametrize("field", ["patient_id", "patient_name", "doctor_name"])
@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_bad_name_is_refused(client: TestClient, field: str, name: str) -> None:
    """A name that is blank, endless, invisible or cannot be stored gets 422, or 413 by its size."""
    _refused(_post(client, json.dumps({**BOOKING, field: name}, ensure_ascii=False)), 422, 413)


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_bad_name_is_refused_in_a_query(client: TestClient, name: str) -> None:
    """The same names get 422 where a free slot is looked up."""
    answer = client.get(f"/available_slots?doctor_name={quote(name[:1000])}&date=2025-02-07")
    _refused(answer, 422)


@pytest.mark.parametrize("date", BAD_DATES.values(), ids=BAD_DATES)
def test_a_bad_date_is_refused(client: TestClient, date: str) -> None:
    """A date that does not exist, or is more or less than a date, gets 422 on both endpoints."""
    _refused(_post(client, {**BOOKING, "date": date}), 422)
    _refused(client.get("/available_slots", params={"doctor_name": "x", "date": date}), 422)


@pytest.mark.parametrize("slot", BAD_SLOTS.values(), ids=BAD_SLOTS)
def test_a_bad_slot_is_refused(client: TestClient, slot: str) -> None:
    """A text that is no slot of one day gets 422."""
    _refused(_post(client, {**BOOKING, "time_slot": slot}), 422)


def test_a_slot_that_is_not_offered_is_a_conflict(client: TestClient) -> None:
    """10:15 AM is a slot, but not the doctor's: 409 with those that are."""
    answer = _post(client, {**BOOKING, "time_slot": "10:15 AM - 10:45 AM"})
    _refused(answer, 409)
    assert len(answer.json()["available_slots"]) == 8


@pytest.mark.parametrize("field", BOOKING)
@pytest.mark.parametrize(
    "value", ["1.0", "true", "[]", '{"a":1}', "NaN", "Infinity", "1e999", "9223372036854775808"]
)
def test_another_type_is_refused(client: TestClient, field: str, value: str) -> None:
    """A number that is none, a truth or a list where a text is wanted gets 422."""
    body = json.dumps({**BOOKING, field: "?"}).replace('"?"', value)
    _refused(_post(client, body), 422)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"Zanzibar"', b"7", b"[1,2]"],
    ids=lambda body: body.decode() or "empty",
)
def test_a_body_that_is_no_object_is_refused(client: TestClient, body: bytes) -> None:
    """An empty body, a list, null or a bare value lack every field."""
    answer = _post(client, body)
    _refused(answer, 422)
    assert answer.json()["msg"] == "All fields are required!"


@pytest.mark.parametrize(
    "member",
    [
        '"patient_name": "\\ud800"',
        '"note": "\\udfff\\ud800"',
        '"\\ud800": 1',
        '"a": [{"\\ud800": 1}]',
        '"a": NaN',
    ],
)
def test_half_a_character_is_refused(client: TestClient, member: str) -> None:
    """A lone surrogate, as value or as key, known or not, gets 422, and so does NaN."""
    _refused(_post(client, json.dumps(BOOKING)[:-1] + f", {member}}}"), 422)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b'{"patient_name": "\xff"}',
        json.dumps(BOOKING).encode("utf-16"),
        json.dumps(BOOKING).encode("utf-16-le"),
        b"\xef\xbb\xbf{}",
        b"{",
        b"{} {}",
        b"{'patient_id': 1}",
        b'{"patient_id": ' + b"9" * 5000 + b"}",
    ],
    ids=[
        "nested lists",
        "nested objects",
        "invalid UTF-8",
        "UTF-16",
        "UTF-16-LE",
        "BOM",
        "cut",
        "two",
        "quotes",
        "digits",
    ],
)
def test_what_cannot_be_read_is_refused(client: TestClient, body: bytes) -> None:
    """A body that is not JSON in UTF-8, or is nested without end, gets 400."""
    _refused(_post(client, body), 400)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("body", [b"[" * 100_000, b" " * 65_537], ids=["nested", "spaces"])
def test_a_body_over_64_kib_is_refused(client: TestClient, body: bytes, chunked: bool) -> None:
    """It gets 413 before it is parsed, whether its length was announced or not."""
    content = iter([body[:50_000], body[50_000:]]) if chunked else body
    _refused(client.post("/book_appointment", content=content, headers=JSON), 413)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/xml",
        "json",
        "",
    ],
)
def test_another_content_type_is_refused(client: TestClient, kind: str) -> None:
    """A body of any other type than JSON gets 415."""
    _refused(_post(client, BOOKING, {"Content-Type": kind}), 415)


def test_a_length_without_end_is_refused(client: TestClient) -> None:
    """A Content-Length of thousands of digits gets 413."""
    _refused(_post(client, BOOKING, {**JSON, "Content-Length": "0" * 5000}), 413)


@pytest.mark.parametrize("name", ["%ff", "a%ed%a0%80", "%C3"])
def test_a_query_in_no_utf_8_is_refused(client: TestClient, name: str) -> None:
    """Half a character in a query is refused as it is in a body."""
    _refused(client.get(f"/available_slots?doctor_name={name}&date=2025-02-07"), 422)


@pytest.mark.parametrize(
    "query",
    [
        "doctor_name=a&doctor_name=b&date=2025-02-07",
        "doctor_name=a&date=2025-02-07&date=2025-02-07",
        "doctor_name=a&date=2025-02-07&x=1&x=2",
    ],
)
def test_a_repeated_parameter_is_refused(client: TestClient, query: str) -> None:
    """A parameter that is given twice gets 422."""
    _refused(client.get(f"/available_slots?{query}"), 422)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/book_appointment", "POST"),
        ("PUT", "/book_appointment", "POST"),
        ("DELETE", "/book_appointment", "POST"),
        ("POST", "/available_slots", "GET"),
    ],
)
def test_another_method_is_refused(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    """A wrong method gets 405, with the right one in Allow."""
    answer = client.request(method, path)
    _refused(answer, 405)
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("field", BOOKING)
@pytest.mark.parametrize("nothing", [None, "", " \u2003\t", "missing"])
def test_all_fields_are_required(client: TestClient, field: str, nothing: str | None) -> None:
    """A field that is missing, null or blank gets 422 and the contract's message."""
    booking: dict[str, str | None] = {**BOOKING, field: nothing}
    if nothing == "missing":
        del booking[field]
    answer = client.post("/book_appointment", json=booking)
    assert answer.status_code == 422
    assert answer.json()["msg"] == "All fields are required!"
    assert answer.json()["errors"][0]["field"] == field

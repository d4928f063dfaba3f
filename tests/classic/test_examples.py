"""The OpenAPI document shows what the service really answers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import BOOKING
from support.access import bearer, make_key

ASKED = {"doctor_name": "Dr. Rajesh Kumar", "date": "2025-02-07"}
JSON = {"Content-Type": "application/json"}
AHEAD = "2099-02-06"
OF_ANOTHER_SCRIPT = "Dr. R\N{CYRILLIC SMALL LETTER A}jesh Kumar"


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    """The clinic of the examples: in UTC, and impatient, so that a silent database shows soon."""
    return Settings(database_url=sqlite_url, open_clinic=True, time_zone="UTC", lock_timeout=0.1)


@pytest.fixture
def closed(database: Database, settings: Settings) -> Iterator[TestClient]:
    """A client of the same clinic when it is closed."""
    with TestClient(create_app(settings.model_copy(update={"open_clinic": False}))) as client:
        yield client


@pytest.fixture
def staff(client: TestClient, database: Database) -> Iterator[TestClient]:
    """A client of the same clinic with an admin's key, who edits Dr. Rajesh Kumar."""
    (doctor,) = client.get("/v1/doctors", params={"name": "rajesh"}).json()["items"]
    headers = bearer(make_key(database, ADMIN).text)
    base = f"http://testserver/v1/doctors/{doctor['id']}"
    with TestClient(client.app, base_url=base, headers=headers) as staff:
        yield staff


def _limit(staff: TestClient, **limits: int) -> None:
    assert staff.put("policy", json=limits).status_code == 200


def _book(client: TestClient, key: str | None = None, **other: Any) -> Any:
    headers = {"Idempotency-Key": key} if key is not None else None
    return client.post("/book_appointment", json={**BOOKING, **other}, headers=headers)


def _book_anywhere(client: TestClient) -> Any:
    return _book(client, doctor_name=f"Dr. {uuid4()}")


def _documented(client: TestClient, path: str, method: str) -> dict[tuple[str, str], Any]:
    """Return the documented bodies by status and name of the example."""
    responses = client.get("/openapi.json").json()["paths"][path][method]["responses"]
    found: dict[tuple[str, str], Any] = {}
    for status, response in responses.items():
        (content,) = response["content"].values()
        named = content.get("examples", {"": {"value": content.get("example")}})
        found |= {(status, name): example["value"] for name, example in named.items()}
    return found


def _second(ask: Callable[[TestClient], Any], settings: Settings, **limits: int) -> Any:
    """Return what is answered to who asks twice where that is once too often."""
    with TestClient(create_app(settings.model_copy(update=limits))) as client:
        ask(client)
        return ask(client)


def _compare(documented: dict[tuple[str, str], Any], answers: dict[str, Any]) -> None:
    """See that each example is what the service answers, and that none is left over."""
    for (status, name), expected in documented.items():
        answer = answers.pop(name)
        body = answer.json()
        for own in {"appointment_id", "manage_token"} & set(body):
            assert len(body[own]) == len(expected[own])
            body[own] = expected[own]
        assert (str(answer.status_code), body) == (status, expected), name
    assert answers == {}


def test_the_booking_examples_are_real(
    client: TestClient,
    closed: TestClient,
    staff: TestClient,
    database: Database,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every documented answer of /book_appointment is one that the service gives."""
    answers = {
        "": _book(client, "first"),
        "taken": _book(client),
        "not_offered": _book(client, time_slot="10:15 AM - 10:45 AM"),
        "passed": _book(closed),
        "unknown_doctor": _book(closed, doctor_name="Dr. Rajesh Kumr"),
        "no_good": client.post("/book_appointment", json=BOOKING, headers=bearer("x")),
        "unreadable": client.post("/book_appointment", content=b"{", headers=JSON),
        "too_large": client.post("/book_appointment", content=b" " * 70_000, headers=JSON),
        "no_json": client.post("/book_appointment", content=b"x"),
        "missing": _book(client, patient_name=" "),
        "no_such_date": _book(client, date="2025-02-30"),
        "key_reused": _book(client, "first", date="2025-02-08"),
        "bad_key": _book(client, ""),
        "name_looks_like_anothers": _book(client, doctor_name=OF_ANOTHER_SCRIPT),
        "too_many_requests": _second(_book, settings, rate_requests=1),
        "too_many_slots": _second(_book_anywhere, settings, slots_per_client=1),
    }
    _limit(staff, minimum_notice_minutes=60)
    answers["too_soon"] = _book(client, date="2025-02-10")
    _limit(staff, horizon_days=90)
    answers["too_far_ahead"] = _book(client, date=AHEAD)
    _limit(staff, max_future_appointments=1)
    _book(client, date=AHEAD)
    answers["too_many"] = _book(client, date=AHEAD, time_slot="9:00 AM - 9:30 AM")
    _limit(staff)
    with database.write() as session:
        session.connection()
        answers["silent_database"] = _book(client)
    for identify in "identify", "identify_all":
        monkeypatch.setattr(f"calendula.patients.service.{identify}", lambda *_: 1 / 0)
    answers["unforeseen"] = _book(client, date="2025-02-09")
    _compare(_documented(client, "/book_appointment", "post"), answers)


def test_the_lookup_examples_are_real(
    client: TestClient,
    closed: TestClient,
    staff: TestClient,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every documented answer of /available_slots is one that the service gives."""
    _book(client)
    answers = {"free": client.get("/available_slots", params=ASKED)}
    for slot in answers["free"].json()["available_slots"]:
        _book(client, time_slot=slot)
    answers |= {
        "full": client.get("/available_slots", params=ASKED),
        "unknown_doctor": closed.get(
            "/available_slots", params={**ASKED, "doctor_name": "Dr. Rajesh Kumr"}
        ),
        "no_good": client.get("/available_slots", params=ASKED, headers=bearer("x")),
        "missing": client.get("/available_slots", params={**ASKED, "doctor_name": " "}),
        "no_such_date": client.get("/available_slots", params={**ASKED, "date": "2025-02-30"}),
        "repeated": client.get("/available_slots", params=[*ASKED.items(), *ASKED.items()]),
        "too_many_requests": _second(
            lambda client: client.get("/available_slots", params=ASKED), settings, rate_requests=1
        ),
    }
    answers |= _reasons(client, closed, staff)
    with monkeypatch.context() as patch:
        patch.setattr("calendula.classic.service.doctors.find", lambda *_: 1 / 0)
        nobody = {**ASKED, "doctor_name": "Dr. Nobody"}
        answers["unforeseen"] = client.get("/available_slots", params=nobody)
    nowhere = Settings(database_url=f"sqlite:///{tmp_path}/nowhere/calendula.db")
    with TestClient(create_app(nowhere)) as broken:
        answers["silent_database"] = broken.get("/available_slots", params=ASKED)
    _compare(_documented(client, "/available_slots", "get"), answers)


def _reasons(client: TestClient, closed: TestClient, staff: TestClient) -> dict[str, Any]:
    """Return the answers for dates without a free slot, by the reason, but for `full`."""
    day = {**ASKED, "date": AHEAD}
    soon = {"notice": clock.now().date().isoformat(), "horizon": AHEAD}
    answers = {"past": closed.get("/available_slots", params=ASKED)}
    staff.put(f"overrides/{AHEAD}", json={"windows": []})
    answers["closed"] = client.get("/available_slots", params=day)
    staff.delete(f"overrides/{AHEAD}")
    staff.put("http://testserver/v1/clinic", json={"holidays": "IN", "policy": {}})
    answers["holiday"] = client.get("/available_slots", params={**ASKED, "date": "2099-08-15"})
    staff.put("http://testserver/v1/clinic", json={"holidays": None, "policy": {}})
    for reason, limit in ("notice", "minimum_notice_minutes"), ("horizon", "horizon_days"):
        _limit(staff, **{limit: 3660})
        answers[reason] = client.get("/available_slots", params={**ASKED, "date": soon[reason]})
    _limit(staff)
    time_off = {"start": f"{AHEAD}T00:00:00Z", "end": f"{AHEAD}T23:59:00Z"}
    staff.post("time-off", json=time_off)
    answers["time_off"] = client.get("/available_slots", params=day)
    return answers


def test_the_request_example_is_real(client: TestClient) -> None:
    """The documented booking can be sent as it stands."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    (example,) = schemas["BookingRequest"]["examples"]
    assert client.post("/book_appointment", json=example).status_code == 201

"""Whatever is done and whatever goes wrong, no log line, metric or span says about whom."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import text

from calendula import logs
from calendula.access import sessions
from calendula.access.roles import ADMIN, INTEGRATION, TABLE
from calendula.app import create_app
from calendula.database import Database
from calendula.pages.desk import live
from calendula.settings import Settings
from support import clinic
from support.access import bearer, cookie, key, make_key, make_session
from support.bodies import BODIES
from support.booking import free
from support.collector import Collector, collecting
from support.tables import APPOINTMENT, DOCTOR, HOURS, csv_of

NAME, DIGITS = "Quxzafira", "7308461529"
MARKED = {
    "name": f"{NAME} Verma",
    "patient_name": f"{NAME} Verma",
    "patient_id": f"P-{NAME}",
    "identifier": f"P-{NAME}",
    "email": f"{NAME}@example.org",
    "phone": f"+91 {DIGITS}",
    "note": f"{NAME} is ill",
    "reason": f"{NAME} called",
    "find": NAME,
    "key": f"key_{NAME}",
    "token": f"mng_{NAME}",
    "back": f"/desk?{NAME}",
}
LINKS = {"User-Agent": NAME, "Referer": f"http://{NAME}/{DIGITS}", "X-Forwarded-For": NAME}
PERSONAL = re.compile(f"{NAME}|{DIGITS}", re.IGNORECASE)


class Told:
    """A client of a clinic, and all that the clinic has said about its requests."""

    def __init__(self, client: TestClient, database: Database) -> None:
        self.client = client
        self.database = database
        self.asked = 0

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """Send a request, and count it."""
        self.asked += 1
        headers = {**LINKS, **how.pop("headers", {})}
        return self.client.request(method, path, headers=headers, follow_redirects=False, **how)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        yield collector


@pytest.fixture
def json_logs() -> Iterator[None]:
    """Leave the logs as the other tests expect them."""
    yield
    logs.configure("text")


def _marked(body: Any) -> Any:
    """Return a body with what is personal, or anybody's own words, in it."""
    if isinstance(body, dict):
        return {name: MARKED.get(name) or _marked(it) for name, it in body.items()}
    return [_marked(it) for it in body] if isinstance(body, list) else body


def _live_a_life(told: Told, staff: dict[str, str]) -> dict[str, str]:
    """Do with somebody what can be done with a patient; return the ids of what is there."""
    doctor = clinic.find(told.client)
    who = {it: MARKED[it] for it in ("patient_id", "patient_name")}
    booking = {**who, "doctor_name": clinic.MEI, "date": str(clinic.DAY)}
    first = told.ask("POST", "/book_appointment", json={**booking, "time_slot": clinic.TEN})
    assert first.status_code == 201
    assert (
        told.ask("POST", "/book_appointment", json={**booking, "time_slot": clinic.TEN}).status_code
        == 409
    )
    start = free(told.client, doctor)[-1]
    hold = told.ask("POST", "/v1/holds", json={"doctor_id": doctor, "start": start})
    patient = {it: MARKED[it] for it in ("name", "identifier", "email", "phone")}
    wish = {"doctor_id": doctor, "start": start, "patient": patient, "note": MARKED["note"]}
    made = told.ask("POST", "/v1/appointments", json={**wish, "hold": hold.json()["token"]})
    assert made.status_code == 201, made.text
    found = told.ask("POST", "/v1/patients/search", json={"name": NAME}, headers=staff)
    someone = found.json()["items"][0]["id"]
    rows = [DOCTOR, HOURS, {**APPOINTMENT, "patient_name": MARKED["name"]}]
    for content in csv_of(rows), csv_of([{**rows[2], "date": NAME}]):
        kind = {"Content-Type": "text/csv", **staff}
        told.ask("POST", "/v1/imports", content=content, headers=kind)
    return {"doctor_id": doctor, "appointment_id": made.json()["id"], "patient_id": someone}


def _try_everything(told: Told, app: Any, staff: dict[str, str], ids: dict[str, str]) -> set[str]:
    """Send each operation what is marked, in every place; return the operations."""
    routes = [it for it in iter_route_contexts(app.routes) if isinstance(it.route, APIRoute)]
    for route in routes:
        others = {it: str(uuid4()) for it in re.findall(r"\{(\w+)\}", str(route.path_format))}
        path = str(route.path_format).format(**{**others, "step": NAME, "name": NAME, **ids})
        name = str(route.name)
        sent = {"json": _marked(BODIES[name])} if name in BODIES else {"data": MARKED}
        for method in route.methods or ():
            how = sent if method not in {"GET", "DELETE"} else {}
            told.ask(method, path, headers=staff, **how)
            told.ask(method, path, headers=staff, params={**MARKED, NAME: NAME}, **how)
    return {str(route.name) for route in routes}


def _break_the_table(told: Told, staff: dict[str, str]) -> None:
    """Let the database refuse what is marked, in its own words."""
    with told.database.write() as session:
        session.execute(text("ALTER TABLE patient RENAME TO nobody"))
    day = str(clinic.DAY + timedelta(days=1))
    slot = {"doctor_name": clinic.RAJESH, "time_slot": clinic.TWO, "date": day}
    for path, body in (
        ("/book_appointment", {**MARKED, **slot}),
        ("/v1/patients/search", {"name": NAME}),
    ):
        answer = told.ask("POST", path, json=body, headers=staff)
        assert answer.status_code == 500, answer.text
        assert not PERSONAL.search(answer.text)


def test_nobody_is_named(
    settings: Settings,
    database: Database,
    collector: Collector,
    json_logs: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every operation, with a person in every place of it, is one line that does not name them."""
    monkeypatch.setattr(sessions, "end", lambda *_: None)  # the others are tried after it
    monkeypatch.setattr(live, "_LASTS", 0.1)  # seconds: the stream is read to its end
    told_in = settings.model_copy(update={"log_format": "json"})
    app = create_app(told_in)
    with TestClient(app, raise_server_exceptions=False) as client:
        told = Told(client, database)
        made = make_key(database, ADMIN)
        staff = {**bearer(made.text), **cookie(make_session(database, made.key))}
        ids = _live_a_life(told, staff)
        assert _try_everything(told, app, staff, ids) == set(TABLE)
        _break_the_table(told, staff)
        shown = client.get("/metrics", headers=key(database, INTEGRATION)).text
    lines = [json.loads(it) for it in capsys.readouterr().err.splitlines()]
    ours = [it for it in lines if it["logger"] != "httpx2"]  # which is the test's own client
    requests = [it for it in ours if it["event"] == "request"]
    assert len(requests) == told.asked + len(("doctor", "free slots", "metrics"))
    assert all(it["request_id"] and it["trace_id"] for it in requests)
    for said in (*map(str, ours), shown, collector.text()):
        assert not PERSONAL.search(said), said
    assert any(it["level"] == "error" for it in ours)

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from calendula import logs, traces
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import load, servers
from support.collector import Collector, attributes, collecting

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
WITHIN = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
MARK = "Quxzafira"
BOOKING = load.Booking(load.day(0), load.LABELS[0])


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the environment names."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "front-desk")
        yield collector


def _book(client: TestClient, **other: str) -> Any:
    body = {**json.loads(BOOKING.body()), **other}
    return client.post("/book_appointment", json=body, headers=WITHIN)


def _named(collector: Collector) -> dict[str, Any]:
    return {span.name: span for span in collector.spans()}


def test_a_booking_is_a_span_with_those_of_its_database_work(
    collector: Collector, settings: Settings, database: Database
) -> None:
    """A span has route and status, is part of the caller's trace, and the batch is one too."""
    with TestClient(create_app(settings)) as client:
        assert _book(client).status_code == 201
        assert client.get("/healthz").status_code == 200
    spans = _named(collector)
    booking = spans["POST /book_appointment"]
    assert (booking.trace_id.hex(), booking.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(booking) == {
        "http.request.method": "POST",
        "http.route": "/book_appointment",
        "http.response.status_code": 201,
    }
    assert attributes(spans["bookings"]) == {"count": 1}
    assert spans["write"].parent_span_id
    assert "front-desk" in collector.text()


def test_no_span_tells_who_it_is_about(
    collector: Collector, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name, no query, no path and no word of an error leaves the service in a span."""

    def fail(*_: object) -> None:
        raise RuntimeError(MARK)

    with TestClient(create_app(settings)) as client:
        _book(client, patient_name=MARK, patient_id=MARK)
        _book(client, patient_name=MARK, doctor_name=f"Dr. {MARK}", time_slot=MARK)
        client.get(f"/available_slots?doctor_name={MARK}&date=2025-02-07")
        client.get(f"/{MARK}?{MARK}")
        client.request(MARK.upper(), "/healthz", headers={"X-Request-ID": MARK})
        monkeypatch.setattr("calendula.http.health.schema.present", fail)
        assert client.get("/readyz").status_code == 500
    failed = _named(collector)["GET /readyz"]
    assert attributes(failed)["error.type"] == "500"
    assert not failed.events
    assert not failed.status.message
    assert MARK.lower() not in collector.text().lower()


def test_the_log_names_the_trace(
    collector: Collector,
    settings: Settings,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever has a line of the log finds the trace, and the other way round."""
    told = settings.model_copy(update={"log_format": "json"})
    with TestClient(create_app(told)) as client:
        capsys.readouterr()
        _book(client)
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logs.configure("text")
    (line,) = [it for it in lines if it["event"] == "request"]
    assert line["trace_id"] == TRACE
    assert line["request_id"]


def test_what_fails_in_the_database_is_seen_by_its_kind(collector: Collector) -> None:
    """Where the database is away, the span says which error it was, and not in which words."""
    nowhere = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    with TestClient(create_app(nowhere)) as client:
        assert client.get("/v1/visit-types").status_code == 503
    assert attributes(_named(collector)["read"])["error.type"] == "sqlalchemy.exc.OperationalError"
    assert "nobody" not in collector.text()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_loaded_unless_it_is_wanted(environment: dict[str, str]) -> None:
    """Without its variables, traces cost a start nothing."""
    code = (
        "import sys; from calendula.app import create_app; create_app();"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))"
        " for name in sys.modules))"
    )
    clean = {name: it for name, it in servers.clean_environment().items() if "OTEL" not in name}
    done = subprocess.run([sys.executable, "-c", code], env={**clean, **environment}, check=False)
    assert done.returncode == 0


def test_a_collector_that_is_away_holds_nobody_up(tmp_path: Path) -> None:
    """Without the collector the service serves, and ends when it is told to."""
    nobody = f"http://127.0.0.1:{servers.free_port()}"
    with servers.running(tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": nobody}) as server:
        lookup = {"doctor_name": load.DOCTOR, "date": "2025-02-07"}
        for _ in range(3):
            answer = httpx.get(f"{server.url}/available_slots", params=lookup)
            assert answer.status_code == 200
        assert server.stop() in {0, -signal.SIGTERM}


def test_kept_answers_have_spans_too(tmp_path: Path) -> None:
    """With traces, each lookup is one, also where the answer is kept."""
    with collecting() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with servers.running(tmp_path, settings) as server:
            lookup = {"doctor_name": load.DOCTOR, "date": "2025-02-07"}
            for _ in range(5):
                httpx.get(f"{server.url}/available_slots", params=lookup)
            server.stop()
    names = [span.name for span in collector.spans()]
    assert names.count("GET /available_slots") == 5


def test_without_a_collector_a_span_is_nothing() -> None:
    """Where traces are off, a block runs as it would without."""
    assert not traces.on()
    with traces.span("read"):
        pass

import os
import re
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from calendula import metrics
from calendula.access.roles import INTEGRATION, TABLE
from calendula.app import create_app
from calendula.database import Database
from calendula.errors import Unavailable
from calendula.events import service as events
from calendula.settings import Settings
from support import clinic, load, servers
from support.access import bearer, key, make_key
from support.metrics import Numbers, fetch, read, wait_until

MADE = 12
OPERATIONS = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()


@pytest.fixture
def grown(client: TestClient, database: Database) -> Callable[[], Numbers]:
    """What has grown since the beginning of the test, as a scrape shows it."""
    headers = key(database, INTEGRATION)

    def scrape() -> Numbers:
        return read(client.get("/metrics", headers=headers).text)

    before = scrape()
    return lambda: {
        name: value - before.get(name, 0)
        for name, value in scrape().items()
        if value != before.get(name, 0)
    }


def _book(client: TestClient, slot: int, **headers: str) -> int:
    kind = {"Content-Type": "application/json"}
    body = load.slot(slot).body()
    answer = client.post("/book_appointment", content=body, headers={**kind, **headers})
    return int(answer.status_code)


def test_bookings_are_counted_by_outcome(client: TestClient, grown: Callable[[], Numbers]) -> None:
    """Booked, replayed, taken and refused are four numbers, however plain the request was."""
    key_of = {"Idempotency-Key": "abc"}
    statuses = [_book(client, 0, **key_of), _book(client, 0, **key_of), _book(client, 0)]
    assert statuses == [201, 201, 409]
    assert client.post("/book_appointment", json={}).status_code == 422
    now = grown()
    for outcome in "booked", "replayed", "taken", "refused":
        assert now[f"calendula_bookings_total {outcome}"] == 1, outcome
    assert now["calendula_events_total appointment.booked"] == 1


def test_requests_are_counted_by_route_method_and_status(
    client: TestClient, grown: Callable[[], Numbers]
) -> None:
    """A request is counted under its route's template, never its path, with how long it took."""
    mei = clinic.find(client)
    for _ in range(2):
        assert client.get(f"/v1/doctors/{mei}").status_code == 200
    client.get("/nowhere/Asha")
    now = grown()
    assert now["calendula_request_seconds_count GET /v1/doctors/{doctor_id} 200"] == 2
    assert now["calendula_request_seconds_sum GET /v1/doctors/{doctor_id} 200"] > 0
    assert now["calendula_request_seconds_count GET none 404"] == 1
    assert "Asha" not in str(now)


def test_a_method_that_somebody_makes_up_has_no_row_of_its_own(
    client: TestClient, grown: Callable[[], Numbers]
) -> None:
    """Whatever clients send, the number of rows stays what it is."""
    for number in range(3):
        client.request(f"ASHA{number}", "/healthz")
    now = grown()
    assert now["calendula_request_seconds_count other /healthz 405"] == 3
    assert "ASHA" not in str(now)


def test_the_operations_that_book_are_there() -> None:
    """What is counted as a booking are operations of the service, by their present names."""
    assert set(TABLE) >= metrics.BOOKINGS


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (201, None, "booked"),
        (409, "slot-taken", "taken"),
        (409, "slot-held", "taken"),
        (409, "too-soon", "refused"),
        (422, "invalid", "refused"),
        (429, None, "refused"),
        (503, "unavailable", "unknown"),
        (500, None, "failed"),
    ],
)
def test_an_outcome_is_what_the_answer_says(
    status: int, code: str | None, outcome: str, grown: Callable[[], Numbers]
) -> None:
    """Taken is what others were first for; 503 is what nobody knows; the rest was refused."""
    metrics.booking("book_page", status, code, replayed=False)
    assert grown()[f"calendula_bookings_total {outcome}"] == 1


def test_a_form_that_is_looked_at_again_is_no_booking(grown: Callable[[], Numbers]) -> None:
    """A step of the desk's form on the way to a booking has no outcome, nor has another page."""
    metrics.booking("desk_make_booking", 200, None, replayed=False)
    metrics.booking("healthz", 503, None, replayed=False)
    assert not [name for name in grown() if name.startswith("calendula_bookings")]


def test_only_what_is_committed_is_counted(
    database: Database, grown: Callable[[], Numbers]
) -> None:
    """What is tried as a dry run, or undone, has not happened."""

    def record(session: Any, times: int) -> None:
        for _ in range(times):
            events.record(session, "clinic.edited", actor="command")

    with database.write(dry_run=True) as session:
        record(session, 1)
    with pytest.raises(ZeroDivisionError), database.write() as session:
        record(session, 1)
        raise ZeroDivisionError
    with database.write() as session:
        with session.begin_nested():
            record(session, 1)
        with session.begin_nested() as undone:
            record(session, 1)
            undone.rollback()
        record(session, 1)
    assert grown()["calendula_events_total clinic.edited"] == 2


def test_what_comes_together_is_counted_together(
    client: TestClient, grown: Callable[[], Numbers]
) -> None:
    """Batches are counted by their size, and how long each took."""
    _book(client, 0)
    now = grown()
    assert now["calendula_batch_size_sum bookings"] == 1
    assert now["calendula_batch_seconds_count bookings"] == 1


def test_what_is_looked_at_is_seen(client: TestClient, grown: Callable[[], Numbers]) -> None:
    """Lookups that a kept answer served, and the state of pool, queues and pages, are shown."""
    lookup = "/available_slots?doctor_name=Dr.%20Rajesh%20Kumar&date=2025-02-07"
    _book(client, 0)  # which makes the doctor known
    for _ in range(3):
        client.get(lookup)
    wait_until(lambda: grown().get("calendula_kept_answers_total hit", 0) > 0)
    shown = read(client.get("/metrics", headers=_headers(client)).text)
    assert shown["calendula_pool_size"] >= 10
    assert shown["calendula_pool_in_use"] >= 0
    for name in "queue_length bookings", "queue_length lookups", "live_streams public":
        assert f"calendula_{name}" in shown
    assert shown["calendula_loop_lag_seconds_count"] > 0
    assert shown[f"process_resident_memory_bytes {os.getpid()}"] > 1e7


def _headers(client: TestClient) -> dict[str, str]:
    database: Database = client.app.state.database  # type: ignore[attr-defined]
    return key(database, INTEGRATION)


def test_no_connection_that_comes_free_is_counted(
    settings: Settings, database: Database, grown: Callable[[], Numbers]
) -> None:
    """A pool that is used up, and a database that is away, are two numbers."""
    narrow = settings.model_copy(update={"pool_size": 1, "pool_timeout": 0.05})
    with closing(Database.from_settings(narrow)) as one, one.read() as session:
        session.connection()
        with pytest.raises(Unavailable), one.read() as other:
            other.connection()
    assert grown()["calendula_database_trouble_total busy"] == 1
    nowhere = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    with TestClient(create_app(nowhere)) as away:
        assert away.get("/readyz").status_code == 503
    assert grown()["calendula_database_trouble_total away"] >= 1


def test_every_worker_is_in_every_answer(tmp_path: Path, postgresql_url: str) -> None:
    """Whichever worker answers, and on the port of its own too, a scrape has the sum of them all.

    A worker that is killed takes nothing back of what it has counted, and is one the less.
    """
    port = servers.free_port()
    settings = {
        "CALENDULA_DATABASE_URL": postgresql_url,
        "CALENDULA_OPEN_CLINIC": "true",
        "CALENDULA_METRICS_PORT": str(port),
    }
    with load.database_of(postgresql_url) as database:
        headers = bearer(make_key(database, INTEGRATION).text)
    with servers.running(tmp_path, settings, workers=2) as server:
        for number in range(MADE):
            with load.connection_to(server.url) as connection:
                assert load.book(connection, load.slot(number)).status == 201
        wait_until(lambda: _serving(port) == 2)
        for shown in [fetch(server.url, headers) for _ in range(10)] + [_on_port(port)]:
            assert shown["calendula_bookings_total booked"] == MADE
            assert shown["calendula_workers"] == 2
        victim = min(_workers(port))
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in _workers(port) and _serving(port) == 2)
        assert _on_port(port)["calendula_bookings_total booked"] == MADE


def test_a_worker_that_has_not_counted_yet_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is there a moment before anything is in it."""
    monkeypatch.setenv(metrics.SHARED, str(tmp_path))
    (tmp_path / f"counter_{os.getpid()}.db").touch()
    assert list(metrics.registry().collect()) == []
    (tmp_path / "counter_1.db").symlink_to("nowhere")  # as if it went behind the look
    assert list(metrics.registry().collect()) == []


def _on_port(port: int) -> Numbers:
    return fetch(f"http://127.0.0.1:{port}")


def _serving(port: int) -> float:
    return _on_port(port).get("calendula_workers", 0)


def _workers(port: int) -> set[int]:
    name = "process_open_fds "
    return {int(it.removeprefix(name)) for it in _on_port(port) if it.startswith(name)}


def test_the_port_of_its_own_is_open_to_this_machine_alone(tmp_path: Path) -> None:
    """The port needs no key, and listens on 127.0.0.1 unless it is told otherwise."""
    port = servers.free_port()
    with servers.running(tmp_path, {"CALENDULA_METRICS_PORT": str(port)}):
        assert _serving(port) == 1
    assert Settings().metrics_host == "127.0.0.1"


def test_the_documentation_knows_every_metric(client: TestClient, database: Database) -> None:
    """The page for operators names each metric that is shown, with its labels, and no other."""
    text = client.get("/metrics", headers=key(database, INTEGRATION)).text
    families = [it for it in text_string_to_metric_families(text) if it.samples]
    suffix = {"counter": "_total"}
    shown = {it.name + suffix.get(it.type, "") for it in families}
    rows = [line.split("|")[1:3] for line in OPERATIONS.splitlines() if line.startswith("| `")]
    documented = {
        name: set(re.findall(r"`(\w+)`", of)) for names, of in rows for name in _named(names)
    }
    assert set(documented) >= shown
    known = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    assert set(documented) <= {it.removesuffix("_created") for it in known}
    for family in families:
        labels = set().union(*(it.labels for it in family.samples)) - {"le"}
        assert labels == documented[family.name + suffix.get(family.type, "")], family.name


def _named(names: str) -> list[str]:
    return [it for it in re.findall(r"`(\w+)`", names) if it.startswith(("calendula_", "process_"))]

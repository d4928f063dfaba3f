"""What an open page hears, from a service that was really started."""

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx2 as httpx
import psutil
import pytest
import uvicorn
from fastapi import sse
from fastapi.testclient import TestClient

from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import servers
from support.clinic import DAY, MEI, RAJESH, TEN, TWO
from support.servers import Server

PATIENCE = 20.0  # seconds
STREAMS = 8
MAX = UUID(int=2**128 - 1)


@pytest.fixture
def environment(database: Database, database_url: str) -> dict[str, str]:
    """The settings of an open clinic whose worker has one connection, and does not wait for it."""
    return {
        "CALENDULA_DATABASE_URL": database_url,
        "CALENDULA_OPEN_CLINIC": "true",
        "CALENDULA_POOL_SIZE": "1",
        "CALENDULA_POOL_TIMEOUT": "1",
    }


def _workers(database_url: str) -> int:
    """Return as many workers as the database is for."""
    return 1 if database_url.startswith("sqlite") else 2


def _find(url: str, name: str = MEI) -> str:
    (found,) = httpx.get(f"{url}/v1/doctors", params={"name": name}).json()["items"]
    return str(found["id"])


def _book(url: str, doctor: str = MEI, label: str = TEN, days: int = 0) -> None:
    who = {"patient_id": "P-1", "patient_name": "Asha Verma", "doctor_name": doctor}
    date = (DAY + timedelta(days=days)).isoformat()
    body = {**who, "date": date, "time_slot": label}
    answer = httpx.post(f"{url}/book_appointment", json=body)
    assert answer.status_code == 201, answer.text


@contextmanager
def _page(url: str, doctor: str) -> Iterator[Iterator[str]]:
    """Open a doctor's page, and give the lines that it hears behind the first ones."""
    with httpx.stream("GET", f"{url}/live?doctor={doctor}", timeout=PATIENCE) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["x-accel-buffering"] == "no"
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(3)] == [": live", "retry: 2000", ""]
        yield lines


def _hear(lines: Iterator[str]) -> str:
    """Return what the next event is about."""
    event, data, end = (next(lines) for _ in range(3))
    assert (event, end) == ("event: changed", "")
    return data.removeprefix("data: ")


def _busy(server: Server) -> int:
    """Return how many processes of a service are connected with somebody."""
    port = int(server.url.rpartition(":")[2])
    main = psutil.Process(server.process.pid)
    return sum(
        any(it.laddr.port == port and it.status == psutil.CONN_ESTABLISHED for it in connections)
        for process in (main, *main.children(recursive=True))
        for connections in [process.net_connections("tcp")]
    )


def _open_pages(server: Server, doctor: str, pages: ExitStack, workers: int) -> list[Iterator[str]]:
    """Open pages until there are some, and every worker has one."""
    opened: list[Iterator[str]] = []
    while len(opened) < STREAMS or _busy(server) < workers:
        opened.append(pages.enter_context(_page(server.url, doctor)))
        assert len(opened) < 50
    return opened


def test_every_open_page_hears_a_booking(
    tmp_path: Path, environment: dict[str, str], database_url: str
) -> None:
    """A booking is soon heard on the pages of all workers, and none holds a connection.

    The times are printed, and not held against a machine that is busy.
    """
    workers = _workers(database_url)
    with servers.running(tmp_path, environment, workers=workers) as server, ExitStack() as pages:
        doctor = _find(server.url)
        opened = _open_pages(server, doctor, pages, workers)
        delays = []
        for days in range(20):
            started = time.perf_counter()
            _book(server.url, days=days)
            booked = time.perf_counter()
            assert {_hear(page) for page in opened} == {doctor}
            heard = time.perf_counter()
            delays.append((heard - started, heard - booked))
    for name, times in zip(("asking", "201"), zip(*delays, strict=True), strict=True):
        median, most = (1000 * it for it in (statistics.median(times), max(times)))
        print(  # noqa: T201 - what the test is for, too
            f"{workers} worker(s), {len(opened)} pages, from {name} to the last page's event: "
            f"median {median:.1f} ms, most {most:.1f} ms"
        )


def test_a_page_hears_its_doctor_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    """A page hears nothing of another doctor, and nothing that was not done; nobody hears who."""
    with servers.running(tmp_path, environment) as server:
        mei, rajesh = _find(server.url), _find(server.url, RAJESH)
        with _page(server.url, mei) as page, _page(server.url, str(uuid4())) as nobodys:
            _book(server.url, RAJESH)
            assert httpx.get(f"{server.url}/v1/doctors/{rajesh}").status_code == 200
            _book(server.url, MEI, TWO)
            assert _hear(page) == mei
            server.process.terminate()
            assert list(page) == []
            assert list(nobodys) == []


def test_a_page_that_goes_makes_room(tmp_path: Path, environment: dict[str, str]) -> None:
    """One page too many is 503 with the time to wait, and welcome once another has gone."""
    one = {**environment, "CALENDULA_LIVE_STREAMS": "1"}
    with servers.running(tmp_path, one) as server:
        doctor = _find(server.url)
        with _page(server.url, doctor):
            refused = httpx.get(f"{server.url}/live?doctor={doctor}")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            assert refused.headers["content-type"] == "application/problem+json"
        deadline = time.monotonic() + PATIENCE
        while True:  # until the service has noticed
            with httpx.stream("GET", f"{server.url}/live?doctor={doctor}") as answer:
                if answer.status_code == 200:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_open_pages_do_not_keep_the_service(
    tmp_path: Path, environment: dict[str, str], database_url: str
) -> None:
    """Told to stop, a service with open pages ends them at once: they would last for ever."""
    workers = _workers(database_url)
    with servers.running(tmp_path, environment, workers=workers) as server, ExitStack() as pages:
        opened = _open_pages(server, _find(server.url), pages, workers)
        server.stop()
        for page in opened:
            assert list(page) == []
    assert "timeout graceful shutdown exceeded" not in server.log.read_text()


def test_a_silent_stream_is_kept_alive(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing happens, a comment comes now and then, so that no proxy hangs up."""
    assert sse._PING_INTERVAL == 15  # noqa: SLF001 - made for this, it says
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.05)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    with (
        servers.in_a_thread(server) as port,
        _page(f"http://127.0.0.1:{port}", str(uuid4())) as page,
    ):
        assert [next(page) for _ in range(4)] == [": ping", "", ": ping", ""]


@pytest.mark.parametrize(
    "query", ["", "?doctor=", "?doctor=1", f"?doctor={MAX}&x=1", f"?doctor={MAX}&doctor={MAX}"]
)
def test_a_page_says_whose_it_is(client: TestClient, query: str) -> None:
    """Who names no doctor, or more than that, gets an answer that ends."""
    assert client.get(f"/live{query}").status_code == 422


def test_the_streams_are_no_part_of_the_api(client: TestClient) -> None:
    """Programs read the log of events; what pages hear is between the service and its pages."""
    assert "/live" not in client.get("/openapi.json").json()["paths"]

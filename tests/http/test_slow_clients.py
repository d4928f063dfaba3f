"""Thousands of slow connections to the service, really served."""

import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Self

import httpx2 as httpx
import psutil
import pytest

import support
from support import servers
from support.clinic import DAY, RAJESH
from support.servers import Server
from support.small_server import PATIENCE

WANTED = 5000
OTHER_FILES = 500  # of the tests themselves
PAUSE = 1.0  # seconds between two bytes: slow, and no flood
LOOKUP = {"doctor_name": RAJESH, "date": str(DAY)}
EACH_ANEW = httpx.Limits(max_keepalive_connections=0)  # a connection for each request
FROM_MANY = {"CALENDULA_TRUSTED_PROXIES": "127.0.0.1"}  # as slow clients of many networks would be
BEGINNINGS = (
    b"GET /available_slots HTTP/1.1\r\nHost: a\r\nX: ",
    b"POST /book_appointment HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n{",
    b"",
)


@pytest.fixture
def number() -> Iterator[int]:
    """How many connections the tests may open: 5,000, or as many as the system allows."""
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED + OTHER_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    yield allowed - OTHER_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Slow:
    """Somebody who opens many connections, says a byte on each at a time, and begins anew."""

    def __init__(self, url: str, number: int) -> None:
        self._port = int(url.rpartition(":")[2])
        self._connections = [self._open() for _ in range(number)]
        self._begun, self._enough = Event(), Event()
        self._thread = Thread(target=self._go_on)
        self.anew = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._begun.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for connection in self._connections:
            connection.close()

    def stop(self) -> None:
        """Say no more, and leave open what is open."""
        self._enough.set()
        self._thread.join()

    def _go_on(self) -> None:
        beginnings = cycle(BEGINNINGS)
        said = set()
        while not self._enough.is_set():
            for place, connection in enumerate(self._connections):
                try:
                    connection.send(b"x" if place in said else next(beginnings))
                    said.add(place)
                except (BlockingIOError, ConnectionError):
                    connection.close()
                    self._connections[place] = self._open()
                    self.anew += 1
                    said.discard(place)
            self._begun.set()
            self._enough.wait(PAUSE)

    def _open(self) -> socket.socket:
        connection = socket.socket()
        connection.settimeout(0)
        connection.connect_ex(("127.0.0.1", self._port))
        return connection


@contextmanager
def _listening(url: str, doctor: str) -> Iterator[Iterator[str]]:
    with httpx.stream("GET", f"{url}/live?doctor={doctor}", timeout=PATIENCE) as answer:
        assert answer.status_code == 200
        yield answer.iter_lines()


def _wait_until_ended(server: Server) -> None:
    """Wait until the service has no connection any more but those of who listens and who asks."""
    process = psutil.Process(server.process.pid)
    deadline = time.monotonic() + PATIENCE
    while len([it for it in process.net_connections("tcp") if it.raddr]) > 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_slow_connections_leave_others_served(
    tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """While thousands dawdle, whoever comes is served, and whoever listens goes on hearing.

    That the service holds fewer connections than that makes them begin again and again. When
    nobody opens more, it ends them all.
    """
    if number < WANTED:
        with capsys.disabled():
            print(f"ONLY {number} SLOW CONNECTIONS INSTEAD OF {WANTED}: see ulimit -Hn")  # noqa: T201
    few = {"CALENDULA_REQUEST_TIMEOUT": "3", "CALENDULA_CONNECTIONS": str(number * 2 // 5)}
    with servers.running(tmp_path, few | FROM_MANY) as server:
        (known,) = httpx.get(f"{server.url}/v1/doctors", params={"name": RAJESH}).json()["items"]
        doctor = known["id"]
        with (
            _listening(server.url, doctor) as hints,
            Slow(server.url, number) as slow,
            httpx.Client(base_url=server.url, timeout=PATIENCE, limits=EACH_ANEW) as others,
        ):
            while free := others.get("/available_slots", params=LOOKUP).json()["available_slots"]:
                booking = {**support.BOOKING, "time_slot": free[0], "date": str(DAY)}
                assert others.post("/book_appointment", json=booking).status_code == 201
                assert next(it for it in hints if it.startswith("data: ")) == f"data: {doctor}"
            slow.stop()
            _wait_until_ended(server)
        print(f"{number} slow connections, begun anew {slow.anew} times")  # noqa: T201
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        log = server.log.read_text()
    assert 1 <= log.count("There are too many connections.") <= 3  # once a minute


def test_files_do_not_run_out(tmp_path: Path) -> None:
    """Where the system lets a worker open few files, it takes fewer connections, and goes on."""
    few = ("sh", "-c", 'ulimit -n 400 && exec "$0" -m calendula "$@"', sys.executable)
    server = servers.start(tmp_path, FROM_MANY, command=few)
    try:
        with (
            Slow(server.url, 600),
            httpx.Client(base_url=server.url, timeout=PATIENCE, limits=EACH_ANEW) as others,
        ):
            for _ in range(10):
                assert others.get("/available_slots", params=LOOKUP).status_code == 200
        log = server.log.read_text()
    finally:
        server.kill()
    assert "Too many open files" not in log
    assert "[error" not in log

"""Servers that count together, in a real Redis."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from calendula.http import sharing
from calendula.settings import BadSettings
from support import databases, servers
from support.networks import coming_from, wait_for_a_minute
from support.servers import START_UP, Server

MOST = 20


@pytest.fixture
def port() -> int:
    """Where a Redis may listen."""
    return servers.free_port()


@contextmanager
def _redis(port: int) -> Iterator[None]:
    """Run a Redis. Without one the test is skipped, or fails where TEST_REDIS=required."""
    program = shutil.which("redis-server")
    if program is None:
        give_up = pytest.fail if os.environ.get("TEST_REDIS") == "required" else pytest.skip
        give_up("there is no redis-server: apt-get install redis-server")
    options = [*("--port", str(port)), *("--bind", "127.0.0.1"), *("--save", "")]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_until(lambda: _answers(port))
        yield
    finally:
        process.terminate()
        process.wait(START_UP)


def _answers(port: int) -> bool:
    add = sharing.store(f"redis://127.0.0.1:{port}")
    try:
        return add("test", 1, 0) == 0
    except OSError:
        return False


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_UP
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def pair(port: int, sqlite_template: Path, tmp_path: Path) -> Iterator[list[Server]]:
    """Two servers, each with a database of its own, that share nothing but the Redis."""
    with ExitStack() as stack:
        started = []
        for name in "one", "other":
            folder = tmp_path / name
            folder.mkdir()
            environment = {
                "CALENDULA_DATABASE_URL": databases.sqlite_copy(sqlite_template, folder),
                "CALENDULA_RATE_STORE": f"redis://127.0.0.1:{port}",
                "CALENDULA_RATE_REQUESTS": str(MOST),
            }
            started.append(stack.enter_context(servers.running(folder, environment)))
        wait_for_a_minute()
        yield started


def _asks(client: httpx.Client) -> bool:
    return client.get("/v1/doctors").status_code == 200


def _allowed(client: httpx.Client) -> int:
    """Return how often a client may ask, if it asks slowly enough for servers to talk."""
    for number in range(MOST):
        if not _asks(client):
            return number
        time.sleep(0.1)
    return MOST


def test_servers_count_together(port: int, pair: list[Server]) -> None:
    """What a client has asked of one, another knows in a moment; others are not concerned."""
    with (
        _redis(port),
        coming_from("127.0.0.1", pair[0].url) as client,
        coming_from("127.0.0.1", pair[1].url) as elsewhere,
        coming_from("127.0.0.2", pair[1].url) as other,
    ):
        assert all(_asks(client) for _ in range(MOST))
        assert not _asks(client)
        assert _allowed(elsewhere) < MOST
        assert _asks(other)


def test_without_redis_each_counts_by_itself(port: int, pair: list[Server]) -> None:
    """While it is away nobody waits and the limits hold at each; when it is back, for all."""
    with coming_from("127.0.0.1", pair[0].url) as client:
        assert all(_asks(client) for _ in range(MOST))
        assert not _asks(client)
        _wait_until(lambda: "limits apart" in pair[0].log.read_text())
    with (
        _redis(port),
        coming_from("127.0.0.2", pair[0].url) as client,
        coming_from("127.0.0.2", pair[1].url) as elsewhere,
    ):
        _wait_until(lambda: not _asks(client))
        assert _allowed(elsewhere) < MOST
    assert pair[0].log.read_text().count("limits apart") <= 2  # a line, and not one each time
    assert "redis://" not in pair[0].log.read_text()


def test_a_missing_client_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the line at the start says what to install."""
    for name in "limits", "limits.errors", "limits.storage":
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BadSettings, match=r"calendula\[redis\]"):
        sharing.store("redis://127.0.0.1")

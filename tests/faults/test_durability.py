"""What SQLite has committed is on the disk before anybody is told: strace counts the syncs."""

import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx2 as httpx
from sqlalchemy.engine import make_url

from support import load, servers
from support.requirements import give_up
from support.waiting import wait_until

TOGETHER = 16
_ASKED = '"POST /book_appointment'
_SYNCED = re.compile(r"(?:fsync|fdatasync)(?:\(\d+\)| resumed>\)) += 0")
_ANSWERED = '"HTTP/1.1 201 Created'
_CALLS = "fsync,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
# The service is the child, and strace a grandchild: so the service can be told to stop.
_STRACE = ("strace", "--daemonize", "--follow-forks", "--seccomp-bpf", f"--trace={_CALLS}")


def test_a_commit_is_synced_before_its_201(tmp_path: Path, sqlite_url: str) -> None:
    """Between a booking and its 201 the disk is synced; bookings that come together share that."""
    slots = [load.slot(number) for number in range(2 * TOGETHER)]
    calls = tmp_path / "calls"
    with _traced(tmp_path, sqlite_url, calls) as service, ExitStack() as stack:
        clients = [stack.enter_context(load.connection_to(service.url)) for _ in range(TOGETHER)]
        for slot in slots[:TOGETHER]:
            assert load.book(clients[0], slot).status == 201
        path = str(make_url(sqlite_url).database)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for client, slot in zip(clients, slots[TOGETHER:], strict=True):
                load.send(client, slot)
            assert httpx.get(f"{service.url}/healthz").status_code == 200
            other.execute("ROLLBACK")
        assert [load.receive(client).status for client in clients] == [201] * TOGETHER
        service.stop()
    alone, together = _syncs(_written(calls))
    sys.stdout.write(f"{TOGETHER} bookings: {alone} one by one, {together} together\n")
    assert min(alone) >= 1
    assert 1 <= together < TOGETHER


@contextmanager
def _traced(folder: Path, database_url: str, calls: Path) -> Iterator[servers.Server]:
    """Run an open clinic of which a file gets all calls that matter, in their order."""
    if shutil.which("strace") is None:
        give_up("strace counts the syncs: apt-get install strace")
    command = (*_STRACE, f"--output={calls}", sys.executable, "-m", "calendula")
    environment = {"CALENDULA_DATABASE_URL": database_url, "CALENDULA_OPEN_CLINIC": "true"}
    service = servers.start(folder, environment, command=command)
    try:
        yield service
    finally:
        service.kill()


def _syncs(calls: str) -> tuple[list[int], int]:
    """Return the syncs of each booking that came alone, and of all that came together."""
    alone: list[int] = []
    asked = answered = syncs = together = 0
    for call in calls.splitlines():
        if _ASKED in call:
            asked += 1
            syncs = 0 if asked <= TOGETHER + 1 else syncs
        elif _SYNCED.search(call):
            syncs += 1
        elif _ANSWERED in call:
            answered += 1
            if answered <= TOGETHER:
                alone.append(syncs)
            together = syncs
    assert (asked, answered) == (2 * TOGETHER, 2 * TOGETHER)
    return alone, together


def _written(calls: Path) -> str:
    """Return what strace has written, when it has seen the service end."""
    last = "+++ exited with 0 +++\n", "+++ killed by SIGTERM +++\n"
    wait_until(lambda: calls.read_text().endswith(last))
    return calls.read_text()

"""Connections that are all in use, and a lock that somebody else has."""

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx2 as httpx
from sqlalchemy import select
from sqlalchemy.engine import make_url

from calendula.doctors.models import Doctor
from support import load, servers
from support.clusters import Cluster

POOL = 2
LOOKUP = "/available_slots?doctor_name=Dr.%20Rajesh%20Kumar&date=2025-02-06"


def test_an_exhausted_pool_is_503(tmp_path: Path, cluster: Cluster, cluster_url: str) -> None:
    """While all connections wait for a lock others are told 503; then all who waited are booked."""
    environment = _environment(cluster_url, lock_timeout=60, statement_timeout=60)
    keys = [f'"{number}"' for number in range(POOL)]  # quoted, so that each books alone
    with servers.running(tmp_path, environment) as service, ExitStack() as stack:
        clients = [stack.enter_context(load.connection_to(service.url)) for _ in keys]
        with load.database_of(cluster_url) as database, database.write() as session:
            session.execute(select(Doctor.id).with_for_update())
            for number, (client, key) in enumerate(zip(clients, keys, strict=True)):
                load.send(client, load.slot(number), key)
            cluster.wait_for_lock(POOL)
            assert httpx.get(f"{service.url}/healthz").status_code == 200
            _assert_busy(_lookup(service.url), _book(service.url, POOL))
        assert [load.receive(client).status for client in clients] == [201] * POOL
        assert _lookup(service.url).status_code == 200
        assert _book(service.url, POOL).status_code == 201
    assert len(load.held(cluster_url)) == POOL + 1


def test_a_locked_file_is_503(tmp_path: Path, sqlite_url: str) -> None:
    """While somebody else writes to the SQLite file bookings are 503, and readers are served."""
    environment = _environment(sqlite_url, lock_timeout=0.5)
    path = str(make_url(sqlite_url).database)
    with servers.running(tmp_path, environment) as service:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            _assert_busy(_book(service.url, 0))
            assert _lookup(service.url).status_code == 200
            other.execute("ROLLBACK")
        assert _book(service.url, 0).status_code == 201
    assert len(load.held(sqlite_url)) == 1


def _environment(database_url: str, **settings: float) -> dict[str, str]:
    chosen = {"pool_size": POOL, "pool_timeout": 0.5, **settings}
    return {
        "CALENDULA_DATABASE_URL": database_url,
        "CALENDULA_OPEN_CLINIC": "true",
        **{f"CALENDULA_{name.upper()}": str(it) for name, it in chosen.items()},
    }


def _lookup(url: str) -> Any:
    return httpx.get(f"{url}{LOOKUP}", timeout=60)


def _book(url: str, number: int) -> Any:
    body, headers = load.slot(number).body(), {"Content-Type": "application/json"}
    return httpx.post(f"{url}/book_appointment", content=body, headers=headers, timeout=60)


def _assert_busy(*answers: Any) -> None:
    for answer in answers:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json()["msg"].startswith("Error in ")

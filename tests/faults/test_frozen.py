"""A database that is there and does not answer."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2 as httpx
import pytest

from support import load, servers
from support.clusters import Cluster
from support.insisting import Insisting
from support.proxy import Proxy
from support.servers import Server

IMPATIENT = {
    "CALENDULA_OPEN_CLINIC": "true",
    "CALENDULA_STATEMENT_TIMEOUT": "1",
    "CALENDULA_CONNECT_TIMEOUT": "1",
    "CALENDULA_POOL_TIMEOUT": "1",
}


@pytest.fixture
def service(tmp_path: Path, proxied_url: str) -> Iterator[Server]:
    """An impatient clinic whose database is behind the proxy."""
    environment = {**IMPATIENT, "CALENDULA_DATABASE_URL": proxied_url}
    with servers.running(tmp_path, environment) as server:
        yield server


def test_a_frozen_database_holds_nobody(service: Server, proxy: Proxy, cluster_url: str) -> None:
    """While the database is frozen all are told 503 in time; when it thaws, nothing is lost."""
    with Insisting(service.url) as patients:
        patients.go_on()
        proxy.freeze()
        patients.hear("503")
        assert httpx.get(f"{service.url}/healthz").status_code == 200
        assert httpx.get(f"{service.url}/readyz", timeout=60).status_code == 503
        proxy.thaw()
        patients.go_on(since="the database thawed")
    patients.assert_kept(cluster_url)


def test_a_standby_that_is_gone_holds_nobody(
    service: Server, cluster: Cluster, cluster_url: str
) -> None:
    """A COMMIT that waits for a standby in vain is 503, and what it booked its key tells later."""
    slot = load.slot(0)
    with closing(httpx.Client(base_url=service.url, timeout=60)) as client:
        headers = {"Content-Type": "application/json", "Idempotency-Key": "key"}
        cluster.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        try:
            cluster.execute("SELECT pg_reload_conf()")
            cluster.wait_until("SELECT current_setting('synchronous_standby_names') = 'nobody'")
            answer = client.post("/book_appointment", content=slot.body(), headers=headers)
        finally:
            cluster.execute("ALTER SYSTEM RESET synchronous_standby_names")
            cluster.execute("SELECT pg_reload_conf()")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        again = client.post("/book_appointment", content=slot.body(), headers=headers)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert len(load.held(cluster_url)) == 1


def test_who_takes_no_writes_is_left(tmp_path: Path, cluster: Cluster, cluster_url: str) -> None:
    """A primary that takes no writes any more is 503, not a failure, and is asked again later."""
    environment = {**IMPATIENT, "CALENDULA_DATABASE_URL": cluster_url}
    with servers.running(tmp_path, environment) as service, Insisting(service.url) as patients:
        patients.go_on()
        cluster.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        try:
            cluster.execute("SELECT pg_reload_conf()")
            patients.hear("503")
        finally:
            cluster.execute("ALTER SYSTEM RESET default_transaction_read_only")
            cluster.execute("SELECT pg_reload_conf()")
        patients.go_on(since="the primary takes writes again")
    patients.assert_kept(cluster_url)


def test_nobody_is_told_503_for_a_restart_in_the_night(
    tmp_path: Path, cluster: Cluster, cluster_url: str
) -> None:
    """Who comes first after PostgreSQL was restarted is answered as if it had not been."""
    environment = {**IMPATIENT, "CALENDULA_DATABASE_URL": cluster_url}
    with (
        servers.running(tmp_path, environment) as service,
        load.connection_to(service.url) as client,
    ):
        assert load.book(client, load.slot(0)).status == 201
        cluster.stop("fast")
        cluster.start()
        assert load.book(client, load.slot(1)).status == 201

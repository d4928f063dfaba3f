from pathlib import Path

import httpx2 as httpx
import pytest

from support import load
from support.clusters import Cluster
from support.insisting import Insisting


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_stops_and_starts(
    tmp_path: Path, cluster: Cluster, cluster_url: str, mode: str
) -> None:
    """While PostgreSQL is away all are told 503; when it is back, all is well and nothing lost."""
    with load.service(tmp_path, cluster_url) as service, Insisting(service.url) as patients:
        patients.go_on()
        cluster.stop(mode)
        try:
            patients.hear("503")
            _assert_honest(service.url)
        finally:
            cluster.start()
        patients.go_on(since="PostgreSQL answers again")
    patients.assert_kept(cluster_url)


def _assert_honest(url: str) -> None:
    """The process lives and is not ready, and who looks up slots is told to come again."""
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert httpx.get(f"{url}/readyz").status_code == 503
    lookup = {"doctor_name": load.DOCTOR, "date": "2025-02-06"}
    answer = httpx.get(f"{url}/available_slots", params=lookup)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["msg"] == "Error in fetching available slots"

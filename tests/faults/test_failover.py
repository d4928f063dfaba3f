from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from pathlib import Path
from queue import Queue

import pytest

from calendula.database import EVERYTHING, Database
from calendula.settings import Settings
from support import clusters, databases, load
from support.clusters import Cluster
from support.insisting import Insisting

PATIENCE = 60.0  # seconds


@pytest.fixture
def primary() -> Iterator[Cluster]:
    """A PostgreSQL server of one test."""
    with clusters.running_cluster() as running:
        yield running


@pytest.fixture
def standby(primary: Cluster) -> Iterator[Cluster]:
    """Another that has what is committed at the primary before anybody is told."""
    with clusters.cluster() as copy:
        copy.copy(primary)
        copy.start()
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")
        primary.wait_until("SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
        yield copy


def test_a_standby_is_promoted(tmp_path: Path, primary: Cluster, standby: Cluster) -> None:
    """The primary dies under load: the service follows the standby, and every 201 is there."""
    databases.migrate(primary.url)
    hosts = ",".join(f"127.0.0.1:{it.port}" for it in (standby, primary))  # in whatever order
    both = f"postgresql://postgres@{hosts}/postgres"
    told: Queue[str] = Queue()
    with load.service(tmp_path, both) as service, closing(_listening(both, told)):
        _wait_for(told, EVERYTHING)
        with Insisting(service.url) as patients:
            patients.go_on()
            primary.kill()
            patients.hear("503")
            standby.promote()
            patients.go_on(since="the standby was promoted")
            _wait_for(told, EVERYTHING)  # it listens again
            _wait_for(told, str(load.held(standby.url)[0].doctor_id))
    patients.assert_kept(standby.url)


def _listening(url: str, told: Queue[str]) -> Database:
    """Return a database of this URL that hears of each doctor of whom something has changed."""
    database = Database.from_settings(Settings(database_url=url))

    def hear(topics: AbstractSet[str]) -> None:
        for topic in topics:
            told.put(topic)

    database.hints.listen(hear)
    return database


def _wait_for(told: Queue[str], topic: str) -> None:
    while told.get(timeout=PATIENCE) != topic:
        pass

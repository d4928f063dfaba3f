"""What fails in these tests is real: servers end, connections are cut, disks fill."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url

from support import clusters, databases
from support.clusters import Cluster
from support.proxy import Proxy, proxy_to


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server that a test may stop, if it starts it again."""
    with clusters.running_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def cluster_template(cluster: Cluster) -> Iterator[str]:
    """The name of a migrated database of that server, to clone."""
    with databases.postgresql_template(cluster.url) as name:
        yield name


@pytest.fixture
def cluster_url(cluster: Cluster, cluster_template: str) -> Iterator[str]:
    """The URL of a database of that server, for one test."""
    with databases.postgresql_clone(cluster.url, cluster_template) as url:
        yield url


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    """A proxy in front of that server."""
    with proxy_to(cluster.port) as between:
        yield between


@pytest.fixture
def proxied_url(cluster_url: str, proxy: Proxy) -> str:
    """The URL of that database, by way of the proxy."""
    return make_url(cluster_url).set(port=proxy.port).render_as_string(hide_password=False)

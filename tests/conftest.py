from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from fastapi.testclient import TestClient

from calendula import samples
from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import clinic, databases
from support.access import bearer, make_key

# `make fuzz` tries others at each run: longer lives, and very many texts and requests.
_FUZZ: dict[str, Any] = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": list(hypothesis.HealthCheck),
}
hypothesis.settings.register_profile("fuzz", max_examples=1000, stateful_step_count=40, **_FUZZ)
hypothesis.settings.register_profile("hard", max_examples=20_000, **_FUZZ)
# `make test` says the same of the same code: it tries the same examples at each run.
hypothesis.settings.register_profile(
    "test",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("test")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL: TEST_DATABASE_URL's, else the bundled one's, for this run."""
    with databases.postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    return databases.sqlite_template(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """The name of a migrated PostgreSQL database to clone."""
    with databases.postgresql_template(postgresql_server) as name:
        yield name


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a SQLite database of this version's schema, for one test."""
    return databases.sqlite_copy(sqlite_template, tmp_path)


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of this version's schema, for one test."""
    with databases.postgresql_clone(postgresql_server, postgresql_template) as url:
        yield url


@pytest.fixture
def empty_postgresql(postgresql_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database without any table, for one test."""
    with databases.empty_postgresql(postgresql_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each database in turn, of this version's schema, for one test."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Each database in turn, of this version's schema, for all tests of a module."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        yield databases.sqlite_copy(template, tmp_path_factory.mktemp("module"))
    else:
        names = ("postgresql_server", "postgresql_template")
        with databases.postgresql_clone(*map(request.getfixturevalue, names)) as url:
            yield url


@pytest.fixture
def settings(database_url: str) -> Settings:
    """An open clinic in Kolkata, so that a forgotten zone shows."""
    return Settings(database_url=database_url, open_clinic=True, time_zone="Asia/Kolkata")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The clinic's database, with the sample doctors in it."""
    database = Database.from_settings(settings)
    samples.add_doctors(database, settings.time_zone)
    yield database
    database.close()


@pytest.fixture
def client(database: Database, settings: Settings) -> Iterator[TestClient]:
    """A client of the open clinic."""
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def closed_client(database: Database, settings: Settings) -> Iterator[TestClient]:
    """A client of a clinic that is closed: doctors must be known, the past is past."""
    closed = settings.model_copy(update={"open_clinic": False})
    with TestClient(create_app(closed)) as client:
        yield client


@pytest.fixture
def admin(client: TestClient, database: Database) -> TestClient:
    """The client of the open clinic, with an admin's key."""
    client.headers.update(bearer(make_key(database, ADMIN).text))
    return client


@pytest.fixture
def mei(client: TestClient) -> str:
    """The id of Dr. Mei Chen."""
    return clinic.find(client)

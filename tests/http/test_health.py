from fastapi.testclient import TestClient
from sqlalchemy import text

from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def test_a_current_schema_is_ready(client: TestClient) -> None:
    """With a database of this version's schema, the service lives and is ready."""
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)


def test_another_schema_is_not_ready(client: TestClient, database: Database) -> None:
    """Behind or ahead, another schema than this version's is 503 with Retry-After."""
    for revision in "0000", "9999":
        with database.write() as session:
            session.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
        answer = client.get("/readyz")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.headers["content-type"] == "application/problem+json"


def test_no_schema_is_not_ready(client: TestClient, database: Database) -> None:
    """A database that was never migrated is 503."""
    with database.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
    assert client.get("/readyz").status_code == 503


def test_no_database_is_alive_but_not_ready() -> None:
    """Without its database the process still lives, and says that it is not ready."""
    with TestClient(create_app(Settings(database_url=NOWHERE))) as client:
        assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)

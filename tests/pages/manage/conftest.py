import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN, RECEPTION
from calendula.database import Database
from support.access import bearer, make_key
from support.booking import free
from support.managing import Patient


@pytest.fixture
def patient(client: TestClient, mei: str) -> Patient:
    """Asha Verma, who is expected in the first slot of a day."""
    return Patient(client, mei, free(client, mei)[0])


@pytest.fixture
def desk(database: Database) -> dict[str, str]:
    """The header of a key of the reception."""
    return bearer(make_key(database, RECEPTION).text)


@pytest.fixture
def boss(database: Database) -> dict[str, str]:
    """The header of an admin's key."""
    return bearer(make_key(database, ADMIN).text)

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import RECEPTION
from calendula.database import Database
from support.access import bearer, make_key
from support.booking import Booked, free


@pytest.fixture
def booked(client: TestClient, mei: str) -> Booked:
    """An appointment in the first slot of a day."""
    return Booked(client, mei, free(client, mei)[0])


@pytest.fixture
def desk(database: Database) -> dict[str, str]:
    """The header of a key of the reception."""
    return bearer(make_key(database, RECEPTION).text)

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import RECEPTION
from calendula.database import Database
from calendula.settings import Settings
from support.booking import Booked, free
from support.desk import DeskClient


@pytest.fixture
def door(settings: Settings, database: Database) -> Iterator[DeskClient]:
    """A browser at the desk of the open clinic, in which nobody is signed in."""
    assert database
    with DeskClient(settings) as client:
        yield client


@pytest.fixture
def desk(door: DeskClient, database: Database) -> DeskClient:
    """The same, with the reception signed in."""
    door.sign_in(database, RECEPTION)
    return door


@pytest.fixture
def booked(client: TestClient, mei: str) -> Booked:
    """An appointment of Asha Verma's with Dr. Mei Chen, at nine on a day ahead."""
    return Booked(client, mei, free(client, mei)[0], note="Bring the X-rays.")

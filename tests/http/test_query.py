"""A query says what it means, or is refused."""

import re
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.access.roles import ADMIN, AUDITOR, Caller, may
from calendula.app import create_app
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.settings import Settings
from support.access import bearer, make_key

_UNUSED = Settings(database_url="sqlite:////nowhere/calendula.db")
OPERATIONS = [
    pytest.param(route, method, id=f"{method} {route.path_format}")
    for route in iter_route_contexts(create_app(_UNUSED).routes)
    if isinstance(route.route, APIRoute) and str(route.path_format).startswith("/v1/")
    for method in sorted(route.methods or ())
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """No query that is refused reaches a database, of whatever kind."""
    return sqlite_url


@pytest.mark.parametrize(("route", "method"), OPERATIONS)
@pytest.mark.parametrize("query", ["dryrun=true", "limit=1&limit=1", "cursor=%FF"])
def test_a_query_that_is_not_understood_is_refused(
    client: TestClient, database: Database, route: RouteContext, method: str, query: str
) -> None:
    """No operation under /v1 acts on a query that is misspelt, says a thing twice or is no text."""
    path = re.sub(r"\{\w+\}", lambda _: str(uuid4()), str(route.path_format))
    role = ADMIN if may(str(route.name), Caller(ADMIN), None) else AUDITOR
    answer: Any = client.request(
        method, f"{path}?{query}", headers=bearer(make_key(database, role).text)
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].startswith(("The query ", "A query "))
    assert "dryrun" not in answer.text


def test_a_misspelt_dry_run_changes_nothing(client: TestClient, database: Database) -> None:
    """Who wanted to try an edit and mistyped does not find it done."""
    with database.read() as session:
        doctor_id = session.scalars(select(Doctor.id).limit(1)).one()
    headers = bearer(make_key(database, ADMIN).text)
    path = f"/v1/doctors/{doctor_id}/hours"
    before = client.get(path, headers=headers).json()
    answer = client.put(f"{path}?dry-run=true", json={"windows": []}, headers=headers)
    assert answer.json()["detail"] == "The query of this operation takes no parameters but dry_run."
    assert client.get(path, headers=headers).json() == before

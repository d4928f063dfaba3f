"""What clients send by mistake or on purpose, to every operation that the document names."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula import samples
from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import databases, openapi
from support.access import bearer, make_key
from support.bodies import BODIES
from support.clinic import contents, furnish
from support.openapi import MARK, Operation

JSON = {"Content-Type": "application/json"}
BAD_BODIES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 422),
    "list": (b"[]", 422),
    "null": (b"null", 422),
    "text": (b'"Zanzibar"', 422),
    "number": (b"7", 422),
    "NaN": (b"NaN", 422),
    "too large a number": (b"1e999", 422),
    "digits": (b"9" * 5000, 400),
    "nested": (b"[" * 60_000, 400),
    "nested objects": (b'{"a":' * 10_000, 400),
    "invalid UTF-8": (b'{"name": "\xff"}', 400),
    "UTF-16": ('{"name": "x"}'.encode("utf-16"), 400),
    "cut": (b'{"name": "Zanzibar', 400),
    "two": (b"{} {}", 400),
    "too large": (b" " * 65_537, 413),
    "unknown member": (b'{"Zanzibar": 1}', 422),
    "surrogate as value": (b'{"name": "\\ud800"}', 422),
    "surrogate as name": (b'{"\\ud800": 1}', 422),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def clinic(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, TestClient, dict[str, str]]]:
    """A clinic on each database for all these tests, an admin's client, and what is there."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            template = request.getfixturevalue("sqlite_template")
            url = databases.sqlite_copy(template, tmp_path_factory.mktemp("bad-inputs"))
        else:
            names = ("postgresql_server", "postgresql_template")
            clone = databases.postgresql_clone(*map(request.getfixturevalue, names))
            url = stack.enter_context(clone)
        settings = Settings(database_url=url, open_clinic=True)
        database = Database.from_settings(settings)
        stack.callback(database.close)
        samples.add_doctors(database, "UTC")
        client = stack.enter_context(TestClient(create_app(settings)))
        client.headers.update(bearer(make_key(database, ADMIN).text))
        yield database, client, furnish(client)


@pytest.fixture
def client(
    clinic: tuple[Database, TestClient, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> Iterator[TestClient]:
    """The client, after whose test all tables are as before, and whose values are not logged."""
    database, client, _ = clinic
    before = contents(database)
    yield client
    assert contents(database) == before
    records = [it for it in caplog.get_records("call") if it.name != "httpx2"]
    assert MARK not in str([it.msg for it in records])


@pytest.fixture
def ids(clinic: tuple[Database, TestClient, dict[str, str]]) -> dict[str, str]:
    """What is there, by the names of the paths' parameters."""
    return clinic[2]


def _refused(answer: Any, *statuses: int) -> None:
    """See that an answer is a problem of one of these statuses that echoes nothing."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert MARK not in answer.text
    assert len(answer.content) < 4000


def _send(client: TestClient, operation: Operation, ids: dict[str, str], body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = operation.path.format(**ids)
    return client.request(operation.method, path, content=content, headers=JSON)


def test_every_body_is_tried() -> None:
    """Nobody can add an operation with a body and leave it untried."""
    assert {it.name for it in openapi.with_body()} == set(BODIES)
    assert len(openapi.faults()) > 70


@pytest.mark.parametrize("operation", openapi.with_body(), ids=str)
@pytest.mark.parametrize(("body", "status"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_is_none_is_refused(
    client: TestClient, ids: dict[str, str], operation: Operation, body: bytes, status: int
) -> None:
    """What cannot be read is 400, what is too large 413, and what is no such object 422."""
    _refused(_send(client, operation, ids, body), status)


@pytest.mark.parametrize("operation", openapi.with_body(), ids=str)
def test_another_content_type_is_refused(
    client: TestClient, ids: dict[str, str], operation: Operation
) -> None:
    """A body of any other type than JSON gets 415."""
    path, body = operation.path.format(**ids), json.dumps(BODIES[operation.name])
    for kind in "text/plain", "application/x-www-form-urlencoded", "", "json", "application/json5":
        headers = {"Content-Type": kind}
        answer = client.request(operation.method, path, content=body, headers=headers)
        _refused(answer, 415)


@pytest.mark.parametrize("operation", openapi.with_body(), ids=str)
def test_an_unknown_member_is_refused(
    client: TestClient, ids: dict[str, str], operation: Operation
) -> None:
    """A member that is not known gets 422, wherever it stands, and is not repeated."""
    body = BODIES[operation.name]
    _refused(_send(client, operation, ids, {**body, MARK: 1}), 422)
    _refused(_send(client, operation, ids, {**body, "\ufeffname": "x"}), 422)
    for name, value in body.items():
        if isinstance(value, dict):
            _refused(_send(client, operation, ids, {**body, name: {**value, MARK: 1}}), 422)
        if isinstance(value, list) and isinstance(value[0], dict):
            _refused(_send(client, operation, ids, {**body, name: [{**value[0], MARK: 1}]}), 422)


@pytest.mark.parametrize(("operation", "place"), openapi.faults(), ids=str)
def test_a_bad_field_is_refused(
    client: TestClient, ids: dict[str, str], operation: Operation, place: openapi.Place
) -> None:
    """Whatever a field cannot be, by its kind, gets 422, or 413 by its size."""
    for value in place.values:
        body = openapi.put(deepcopy(BODIES[operation.name]), place.steps, value)
        _refused(_send(client, operation, ids, body), 422, 413)


@pytest.mark.parametrize("operation", openapi.with_body(), ids=str)
def test_numbers_that_json_does_not_have_are_refused(
    client: TestClient, ids: dict[str, str], operation: Operation
) -> None:
    """NaN, infinity and what overflows get 422 in every field."""
    for name in BODIES[operation.name]:
        for number in "NaN", "Infinity", "-Infinity", "1e999":
            body = json.dumps({**BODIES[operation.name], name: "?"}).replace('"?"', number)
            _refused(_send(client, operation, ids, body.encode()), 422)


@pytest.mark.parametrize("operation", openapi.operations(), ids=str)
def test_an_id_that_is_none_is_not_found(
    client: TestClient, ids: dict[str, str], operation: Operation
) -> None:
    """An id that is no UUID is 404, in every place of every path; a date that is none is 422."""
    bad = ["1", "%00", "%ff", MARK, "x" * 2000, "0" * 32, "..%2f..", "%20"]
    for name, value in product(operation.path_names, bad):
        path = operation.path.format(**{**ids, name: value})
        answer = client.request(operation.method, path, json=BODIES.get(operation.name))
        _refused(answer, *((422, 404) if name == "date" else (404,)))


@pytest.mark.parametrize(("operation", "name", "queries"), openapi.bad_queries(), ids=str)
def test_a_bad_query_is_refused(
    client: TestClient, ids: dict[str, str], operation: Operation, name: str, queries: list[str]
) -> None:
    """A parameter that is not of its kind, or is said twice, gets 422."""
    for query in queries:
        assert query.startswith(name)
        path = f"{operation.path.format(**ids)}?{query}"
        more = openapi.body_of(operation)
        if operation.name == "list_events":
            more["headers"] = bearer(ids["auditors_key"])
        _refused(client.request(operation.method, path, **more), 422)


@pytest.mark.parametrize(("path", "known"), openapi.paths(), ids=str)
def test_another_method_is_refused(
    client: TestClient, ids: dict[str, str], path: str, known: list[str]
) -> None:
    """A wrong method gets 405, with right ones in Allow."""
    for method in {"GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE"} - set(known):
        answer = client.request(method, path.format(**ids))
        _refused(answer, 405)
        assert set(answer.headers["allow"].split(", ")) <= set(known)


@pytest.mark.parametrize("operation", openapi.operations(), ids=str)
def test_no_date_fails_anything(
    clinic: tuple[Database, TestClient, dict[str, str]], operation: Operation
) -> None:
    """The ends of the calendar and the nights of clock changes get an answer everywhere."""
    _, client, ids = clinic
    for path, body in openapi.strange_dates(operation, ids):
        answer = client.request(operation.method, path, json=body)
        assert answer.status_code < 500, (path, body)
    assert client.get(f"/v1/doctors/{ids['doctor_id']}/slots").status_code == 200

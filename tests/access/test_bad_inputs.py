"""What clients send by mistake or on purpose, where keys are made, on both databases."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula.access.models import ApiKey
from calendula.access.roles import ADMIN
from calendula.database import Database
from calendula.events.models import Event
from support.access import bearer, make_key

MARK = "Zanzibar"  # stands in every bad value, and must stand in no answer and no log line
NEW = {"name": "front desk", "role": "reception"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def admin(
    client: TestClient, database: Database, caplog: pytest.LogCaptureFixture
) -> Iterator[TestClient]:
    """An admin's client, after whose test there is no key more, and no value in the log."""
    client.headers.update(bearer(make_key(database, ADMIN).text))
    before = _counts(database)
    yield client
    assert _counts(database) == before
    lines = str([record.msg for record in caplog.get_records("call")])
    assert "calendula" in str([record.name for record in caplog.get_records("call")])
    assert MARK not in lines


def _counts(database: Database) -> list[int | None]:
    with database.read() as session:
        return [session.scalar(select(func.count()).select_from(it)) for it in (ApiKey, Event)]


def _refused(admin: TestClient, body: Any, *statuses: int, **headers: str) -> Any:
    """See that a body is refused as a problem of one of these statuses, which echoes nothing."""
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    answer = admin.post("/v1/keys", content=content, headers={**JSON, **headers})
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert MARK not in answer.text
    assert len(answer.content) < 2000
    return answer.json()


@pytest.mark.parametrize(
    "name",
    [
        *("", " \t\u2003", MARK * 40, f"{MARK}\0", f"{MARK}\u202e", f"{MARK}\u2067", "\u0301"),
        *(f"{MARK}\u200b", f"\ufeff{MARK}", f"{MARK}\nx", MARK + "\u0301" * 10_000),
    ],
    ids=ascii,
)
def test_a_bad_name_is_refused(admin: TestClient, name: str) -> None:
    """A name that is blank, endless, invisible or cannot be stored gets 422."""
    _refused(admin, {**NEW, "name": name}, 422)


@pytest.mark.parametrize("field", ["name", "role", "doctor_id", "expires_at"])
@pytest.mark.parametrize(
    "value", ["1", "1.0", "true", "[]", '{"a":1}', "NaN", "1e999", "9223372036854775808"]
)
def test_another_type_is_refused(admin: TestClient, field: str, value: str) -> None:
    """A number, a truth, a list or an object where a text is wanted gets 422."""
    _refused(admin, json.dumps({**NEW, field: "?"}).replace('"?"', value), 422)


@pytest.mark.parametrize("role", [MARK, "Admin", "ADMIN", " admin", "admin\0", "anybody", "own"])
def test_an_unknown_role_is_refused(admin: TestClient, role: str) -> None:
    """A role that is none gets 422, and what the roles are."""
    problem = _refused(admin, {**NEW, "role": role}, 422)
    assert problem["errors"] == [
        {
            "field": "role",
            "detail": "must be one of admin, reception, doctor, auditor, integration",
        }
    ]


@pytest.mark.parametrize(
    "instant",
    [
        *("2999-01-01T00:00:00", "2999-01-01", "2999-02-30T00:00:00Z", "29990101T000000Z", MARK),
        *("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00"),
        *("2999-01-01T24:30:00Z", "2999-01-01T00:00:00+99:00", "２999-01-01T00:00:00Z", ""),
        *("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z", "2999-01-01T00:00:00Z" * 50),
    ],
)
def test_what_is_no_instant_is_refused(admin: TestClient, instant: str) -> None:
    """A time without its offset, one that does not exist and one that has passed get 422."""
    _refused(admin, {**NEW, "expires_at": instant}, 422)


@pytest.mark.parametrize("doctor_id", ["1", MARK, "", "00000000000000000000000000000000", "\0"])
def test_what_is_no_id_is_refused(admin: TestClient, doctor_id: str) -> None:
    """An id that is no UUID gets 422."""
    _refused(admin, {**NEW, "role": "doctor", "doctor_id": doctor_id}, 422)


@pytest.mark.parametrize(
    "member",
    [
        f'"{MARK}": 1',
        '"key": "cal_"',
        '"x": "\\ud800"',
        '"\\ud800": 1',
        '"a": NaN',
        ", ".join(f'"{MARK}{number}": 1' for number in range(2000)),
    ],
    ids=["unknown", "known to answers", "value", "name", "NaN", "many"],
)
def test_an_unknown_member_is_refused(admin: TestClient, member: str) -> None:
    """A member that is not known, or holds half a character, gets 422 and is not repeated."""
    _refused(admin, json.dumps(NEW)[:-1] + f", {member}}}", 422)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"Zanzibar"', b"7", b"{}"])
def test_a_body_without_fields_is_refused(admin: TestClient, body: bytes) -> None:
    """An empty body, a list, null or a bare value lack every field."""
    assert _refused(admin, body, 422)["detail"] == "All fields are required!"


@pytest.mark.parametrize("field", NEW)
def test_a_field_that_is_null_is_missing(admin: TestClient, field: str) -> None:
    """Null is no name and no role."""
    assert _refused(admin, {**NEW, field: None}, 422)["detail"] == "All fields are required!"


@pytest.mark.parametrize(
    "body",
    [b"[" * 60_000, b'{"name": "\xff"}', json.dumps(NEW).encode("utf-16"), b"{", b"{} {}"],
    ids=["nested", "invalid UTF-8", "UTF-16", "cut", "two"],
)
def test_what_cannot_be_read_is_refused(admin: TestClient, body: bytes) -> None:
    """A body that is not JSON in UTF-8, or is nested without end, gets 400."""
    _refused(admin, body, 400)


def test_what_is_too_large_is_refused(admin: TestClient) -> None:
    """A body over 64 KiB gets 413."""
    _refused(admin, b" " * 65_537, 413)


def test_another_content_type_is_refused(admin: TestClient) -> None:
    """A body of any other type than JSON gets 415."""
    _refused(admin, NEW, 415, **{"Content-Type": "text/plain"})


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_is_refused(admin: TestClient, method: str) -> None:
    """A wrong method gets 405, with a right one in Allow."""
    answer = admin.request(method, "/v1/keys")
    assert answer.status_code == 405
    assert answer.headers["allow"] in {"GET", "POST", "GET, POST"}


@pytest.mark.parametrize(
    "name",
    ["José", "O'Brien", "张伟", "🗝️", "مكتب", "<script>alert(1)</script>", "'; DROP TABLE api_key"],
)
def test_a_strange_name_is_kept(client: TestClient, database: Database, name: str) -> None:
    """Whatever can be seen may be a name, and is given back as it came."""
    headers = bearer(make_key(database, ADMIN).text)
    created = client.post("/v1/keys", json={**NEW, "name": name}, headers=headers)
    assert (created.status_code, created.json()["name"]) == (201, name)
    listed = client.get("/v1/keys", headers=headers).json()["items"]
    assert listed[-1]["name"] == name

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.access.roles import ADMIN, DOCTOR, Role
from calendula.app import create_app
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.settings import Settings
from support.access import bearer, make_key

AHEAD = "2999-01-01T00:00:00+05:30"


@pytest.fixture
def admin(client: TestClient, database: Database) -> TestClient:
    """A client that shows an admin's key."""
    client.headers.update(bearer(make_key(database, ADMIN).text))
    return client


def _create(admin: TestClient, **other: Any) -> Any:
    return admin.post("/v1/keys", json={"name": "front desk", "role": "reception", **other})


def test_a_key_is_made(admin: TestClient, database: Database) -> None:
    """The answer holds the key, which works at once, and where it is; no cache keeps it."""
    answer = _create(admin, role="admin", expires_at=AHEAD)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/keys/{body['id']}"
    assert answer.headers["cache-control"] == "no-store"
    key = body.pop("key")
    assert key.startswith(f"cal_{body.pop('handle')}_")
    assert UUID(body.pop("id"))
    assert datetime.fromisoformat(body.pop("created_at")).tzinfo == UTC
    assert body == {
        "name": "front desk",
        "role": "admin",
        "doctor_id": None,
        "expires_at": "2998-12-31T18:30:00Z",
        "last_used_at": None,
        "revoked_at": None,
    }
    assert admin.get("/v1/keys", headers=bearer(key)).status_code == 200


def test_a_key_is_found_where_it_was_said_to_be(admin: TestClient) -> None:
    """The address of a new key shows what may be seen of it; that of no key is 404."""
    made = _create(admin)
    shown = admin.get(made.headers["location"])
    assert shown.json() == {name: it for name, it in made.json().items() if name != "key"}
    assert admin.get(f"/v1/keys/{uuid4()}").status_code == 404


def test_the_location_knows_of_a_prefix(settings: Settings, database: Database) -> None:
    """Behind a proxy that puts the service under a path, the key's address is under it."""
    headers = bearer(make_key(database, ADMIN).text)
    with TestClient(create_app(settings), root_path="/clinic", headers=headers) as client:
        answer = client.post("/clinic/v1/keys", json={"name": "x", "role": "admin"})
    assert answer.headers["location"] == f"/clinic/v1/keys/{answer.json()['id']}"


@pytest.mark.parametrize("role", Role)
def test_each_role_can_be_given(admin: TestClient, database: Database, role: Role) -> None:
    """A key of each role can be made; a doctor's names the doctor."""
    with database.read() as session:
        doctor_id = str(session.scalars(select(Doctor.id)).first())
    answer = _create(admin, role=role, doctor_id=doctor_id if role is DOCTOR else None)
    assert answer.status_code == 201
    assert answer.json()["role"] == role
    assert answer.json()["doctor_id"] == (doctor_id if role is DOCTOR else None)


def test_who_made_and_revoked_a_key_is_known(admin: TestClient, database: Database) -> None:
    """The log has the admin's key as the one who did it."""
    (me,) = admin.get("/v1/keys").json()["items"]
    made = _create(admin).json()
    admin.delete(f"/v1/keys/{made['id']}")
    with database.read() as session:
        *_, created, revoked = session.scalars(select(Event).order_by(Event.number))
    assert (created.action, revoked.action) == ("key.created", "key.revoked")
    assert created.actor == revoked.actor == f"key:{me['id']}"


def test_the_list_shows_no_secret(admin: TestClient) -> None:
    """A key is seen once: the list has neither it nor what is kept of it."""
    made = _create(admin).json()
    answer = admin.get("/v1/keys")
    first, second = answer.json()["items"]
    assert set(first) == set(second) == set(made) - {"key"}
    assert second == {name: it for name, it in made.items() if name != "key"}
    assert first["last_used_at"] is not None
    assert made["key"].rpartition("_")[2] not in answer.text
    assert "digest" not in answer.text


def test_the_list_comes_in_pages(admin: TestClient) -> None:
    """Page by page, every key comes once, in the order of their making."""
    made = [_create(admin, name=f"key {number}").json()["id"] for number in range(4)]
    seen, cursor = [], ""
    while cursor is not None:
        body = admin.get(f"/v1/keys?limit=2{cursor and f'&cursor={cursor}'}").json()
        assert len(body["items"]) in {1, 2}
        seen += [key["id"] for key in body["items"]]
        cursor = body["next"]
    assert seen[1:] == made


def test_a_page_has_fifty_unless_told(admin: TestClient, database: Database) -> None:
    """Without a limit a page has 50; with one up to 200."""
    for _ in range(50):
        make_key(database, ADMIN)
    short, long = admin.get("/v1/keys").json(), admin.get("/v1/keys?limit=200").json()
    assert (len(short["items"]), short["next"] is None) == (50, False)
    assert (len(long["items"]), long["next"]) == (51, None)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.0", "", "x", "٣", "9" * 5000, "1e2", "+5"])
def test_a_bad_limit_is_refused(admin: TestClient, limit: str) -> None:
    """A limit that is no number from 1 to 200 gets 422."""
    answer = admin.get("/v1/keys", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "limit must be a number from 1 to 200."


def test_a_repeated_parameter_is_refused(admin: TestClient) -> None:
    """A parameter that is given twice gets 422."""
    assert admin.get("/v1/keys?limit=1&limit=2").status_code == 422


def test_a_key_is_revoked(admin: TestClient) -> None:
    """A revoked key opens nothing, stays in the list, and revoking it again is no error."""
    made = _create(admin, role="admin").json()
    for _ in range(2):
        answer = admin.delete(f"/v1/keys/{made['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert admin.get("/v1/keys", headers=bearer(made["key"])).status_code == 401
    _, listed = admin.get("/v1/keys").json()["items"]
    assert listed["revoked_at"] is not None


def test_an_admin_may_revoke_their_own_key(admin: TestClient) -> None:
    """Who gives back the last key gets no further: the command line can always make another."""
    (me,) = admin.get("/v1/keys").json()["items"]
    assert admin.delete(f"/v1/keys/{me['id']}").status_code == 204
    assert admin.get("/v1/keys").status_code == 401


@pytest.mark.parametrize(
    "key_id", [str(UUID(int=1)), "1", "x" * 1000, "%00", UUID(int=1).hex, "%F0%9F"]
)
def test_what_has_no_key_is_not_found(admin: TestClient, key_id: str) -> None:
    """An unknown id and one that is none are 404, and the answer does not repeat it."""
    answer = admin.delete(f"/v1/keys/{key_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert key_id == "1" or key_id not in answer.text


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"role": "doctor"}, "A key of the role doctor names a doctor"),
        ({"doctor_id": str(UUID(int=1))}, "A key of the role doctor names a doctor"),
        (
            {"role": "doctor", "doctor_id": str(UUID(int=1))},
            "doctor_id is no doctor of this clinic.",
        ),
        ({"expires_at": "2025-02-07T00:00:00Z"}, "expires_at must lie ahead."),
        ({"scope": "all"}, "body must have no members but name, role, doctor_id, expires_at."),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    admin: TestClient, other: dict[str, str], words: str
) -> None:
    """A key that fits together badly gets 422 with the reason, and is not made."""
    answer = _create(admin, **other)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(words)
    assert len(admin.get("/v1/keys").json()["items"]) == 1

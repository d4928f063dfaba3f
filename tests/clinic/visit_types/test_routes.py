from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import AUDITOR, DOCTOR, INTEGRATION, RECEPTION, Role
from calendula.database import Database
from support.access import bearer, make_key
from support.clinic import DAY, RAJESH, contents, find, labels, last_event, walk

VISIT: dict[str, Any] = {
    "name": "First visit",
    "duration_minutes": 45,
    "buffer_before_minutes": 5,
    "buffer_after_minutes": 10,
    "public": False,
    "doctor_ids": None,
    "windows": [
        {"weekday": "sun", "start": "00:00", "end": "24:00"},
        {"weekday": "mon", "start": "09:00", "end": "12:30"},
    ],
}
PATH = "/v1/visit-types"


def _add(admin: TestClient, name: str, **other: Any) -> str:
    """Add a visit type of 30 minutes; return its id."""
    answer = admin.post(PATH, json={"name": name, "duration_minutes": 30, **other})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _names(client: TestClient, **params: str) -> list[str]:
    return [it["name"] for it in walk(client, PATH, **params)]


def test_a_visit_type_is_added(admin: TestClient, database: Database, mei: str) -> None:
    """The answer says where it is and which version it has, and it is read as it was put."""
    answer = admin.post(PATH, json={**VISIT, "doctor_ids": [mei, mei]})
    made = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert made == {**VISIT, "id": made["id"], "doctor_ids": [mei]}
    assert answer.headers["location"] == f"{PATH}/{made['id']}"
    read = admin.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (made, '"1"')
    event = last_event(database, "visit-type.added")
    assert event.actor.startswith("key:")
    assert event.data == {"visit_type_id": made["id"], "before": None, "after": made}


def test_a_visit_type_needs_little(admin: TestClient) -> None:
    """With a name and a length alone it is for all, by all, at any time, without buffers."""
    made = admin.post(PATH, json={"name": "Check", "duration_minutes": 5}).json()
    zero = {"buffer_before_minutes": 0, "buffer_after_minutes": 0}
    rest = {"duration_minutes": 5, "public": True, "doctor_ids": None, "windows": None}
    assert made == {"id": made["id"], "name": "Check", **zero, **rest}


def test_a_visit_type_is_replaced(admin: TestClient, database: Database, mei: str) -> None:
    """It is what was put and nothing else: what is not there is as if it had never been."""
    path = f"{PATH}/{_add(admin, **{**VISIT, 'doctor_ids': [mei]})}"
    small = {"name": "Second visit", "duration_minutes": 60}
    answer = admin.put(path, json=small)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json() == admin.get(path).json()
    assert small.items() <= answer.json().items()
    assert [answer.json()[it] for it in ("doctor_ids", "windows", "public")] == [None, None, True]
    event = last_event(database, "visit-type.replaced")
    assert event.actor.startswith("key:")
    assert event.data["before"]["doctor_ids"] == [mei]
    assert event.data["after"] == answer.json()


def test_a_visit_type_is_removed(admin: TestClient, database: Database, mei: str) -> None:
    """It is gone from every answer, twice is 404, and its name is free again."""
    gone = _add(admin, "Check", doctor_ids=[mei])
    path = f"{PATH}/{gone}"
    was = admin.get(path).json()
    answer = admin.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    event = last_event(database, "visit-type.removed")
    assert event.data == {"visit_type_id": gone, "before": was, "after": None}
    assert contents(database)["visit_type_doctor"] == _names(admin) == []
    slots = f"/v1/doctors/{mei}/slots?visit_type={gone}"
    put = admin.put(path, json={"name": "x", "duration_minutes": 5})
    for it in admin.delete(path), admin.get(path), put, admin.get(slots):
        assert (it.status_code, it.json()["code"]) == (404, "unknown-visit-type")
    _add(admin, "Check")


@pytest.mark.parametrize("name", ["First visit", "FIRST  VISIT", "Ｆirst visit"])
def test_a_name_is_there_once(admin: TestClient, database: Database, name: str) -> None:
    """A name that another visit type has is 409, and nothing is changed."""
    _add(admin, "First visit")
    other = _add(admin, "Other")
    before = contents(database)
    body = {"name": name, "duration_minutes": 30}
    for answer in admin.post(PATH, json=body), admin.put(f"{PATH}/{other}", json=body):
        assert (answer.status_code, answer.json()["code"]) == (409, "visit-type-name-taken")
    assert contents(database) == before
    assert admin.put(f"{PATH}/{other}", json={**body, "name": "OTHER"}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        *({"duration_minutes": it} for it in (4, 481, 0, -30, "30", 30.0, True, None, 2**63)),
        *({"buffer_before_minutes": it} for it in (-1, 241, "5", 5.0, None)),
        *({"buffer_after_minutes": it} for it in (-1, 241, False)),
        *({"public": it} for it in ("true", 1, None, "yes")),
        *({"doctor_ids": it} for it in ([], ["x"], [None], "x", [str(UUID(int=1))])),
        *({"windows": []}, {"windows": [{}]}, {"windows": "x"}),
        {"windows": [{"weekday": "mon", "start": "12:00", "end": "12:00"}]},
        {"windows": [{"weekday": "mon", "start": "22:00", "end": "06:00"}]},
        {"windows": [{"weekday": "mon", "start": "24:00", "end": "24:00"}]},
        {"windows": [{"weekday": "Mon", "start": "09:00", "end": "12:00"}]},
        {"windows": [{"weekday": 1, "start": "09:00", "end": "12:00"}]},
        {"windows": [{"weekday": "mon", "start": "9:00", "end": "12:00"}]},
        {"name": "\u202e"},
    ],
    ids=str,
)
def test_a_visit_type_that_makes_no_sense_is_refused(
    admin: TestClient, database: Database, change: dict[str, Any]
) -> None:
    """Lengths, flags, doctors and windows are what they should be, or it is 422."""
    made = _add(admin, "Other", doctor_ids=[find(admin)])
    before = contents(database)
    body = {**VISIT, **change}
    for answer in admin.post(PATH, json=body), admin.put(f"{PATH}/{made}", json=body):
        assert answer.status_code == 422
    assert contents(database) == before


def test_the_public_sees_what_is_public(client: TestClient, database: Database) -> None:
    """A visit type for the staff is not there for others, not even by its id or its slots."""
    mei = find(client)
    client.headers.update(bearer(make_key(database, Role.ADMIN).text))
    hidden = _add(client, "Staff's", public=False)
    _add(client, "Everybody's")
    slots = f"/v1/doctors/{mei}/slots"
    for role in Role:
        client.headers.update(bearer(make_key(database, role).text))
        staff = role not in {AUDITOR, INTEGRATION}
        assert _names(client) == ["Everybody's", "Staff's"][: 1 + staff]
        seen = [f"{PATH}/{hidden}", *(f"{slots}{it}?visit_type={hidden}" for it in ("", "/next"))]
        assert {client.get(it).status_code for it in seen} == {200 if staff else 404}
    del client.headers["authorization"]
    assert _names(client) == ["Everybody's"]
    gone, never = client.get(f"{PATH}/{hidden}"), client.get(f"{PATH}/{uuid4()}")
    assert (gone.status_code, gone.content) == (404, never.content)


def test_a_visit_type_is_some_doctors(admin: TestClient, mei: str) -> None:
    """One for which doctors are named is theirs alone; one without is everybody's."""
    rajesh = find(admin, RAJESH)
    theirs = _add(admin, "Theirs", doctor_ids=[mei])
    _add(admin, "Everybody's")
    assert _names(admin, doctor=mei) == ["Everybody's", "Theirs"]
    assert _names(admin, doctor=rajesh) == ["Everybody's"]
    assert labels(admin, mei, visit_type=theirs)
    start = {"start": f"{DAY}T10:00:00+05:30"}
    for it, more in ("", {}), ("/next", {}), ("/explain", start):
        params = {"visit_type": theirs, **more}
        answer = admin.get(f"/v1/doctors/{rajesh}/slots{it}", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown-visit-type")
    assert admin.get(f"{PATH}?doctor=x").status_code == 422


def test_the_public_is_told_of_nobody_who_is_gone(admin: TestClient, mei: str) -> None:
    """A doctor who sees no patients any more is named for a visit type to the staff alone."""
    path = f"{PATH}/{_add(admin, 'Theirs', doctor_ids=[mei])}"
    admin.post(f"/v1/doctors/{mei}/deactivate")
    assert admin.get(path).json()["doctor_ids"] == [mei]
    assert admin.get(f"{PATH}?doctor={mei}").status_code == 200
    del admin.headers["authorization"]
    assert admin.get(path).json()["doctor_ids"] == []
    assert mei not in admin.get(PATH).text
    assert admin.get(f"{PATH}?doctor={mei}").status_code == 404


def test_the_list_comes_in_pages(admin: TestClient) -> None:
    """Page by page, every visit type comes once, by name."""
    names = ["zeta", "Alpha", "beta", "Ärger", "Eta", "張"]
    for name in names:
        _add(admin, name)
    whole = _names(admin)
    assert (sorted(whole), whole[0]) == (sorted(names), "Alpha")
    for limit in "1", "2", "6":
        assert _names(admin, limit=limit) == whole


@pytest.mark.parametrize("role", [RECEPTION, DOCTOR])
def test_only_an_admin_edits_them(client: TestClient, database: Database, role: Role) -> None:
    """Reception and doctors read visit types, and change none."""
    client.headers.update(bearer(make_key(database, role).text))
    path = f"{PATH}/{uuid4()}"
    answers = [client.post(PATH, json=VISIT), client.put(path, json=VISIT), client.delete(path)]
    assert {it.status_code for it in answers} == {403}


@pytest.mark.parametrize("unknown", [str(UUID(int=1)), "1", "%00", "x" * 999])
def test_what_is_not_there_is_not_found(admin: TestClient, unknown: str) -> None:
    """An unknown id and one that is none are 404, whatever else is wrong."""
    path = f"{PATH}/{unknown}"
    answers = [admin.get(path), admin.delete(path), admin.put(path, json=VISIT)]
    assert {it.status_code for it in answers} == {404}
    assert len({it.content for it in answers}) == 1

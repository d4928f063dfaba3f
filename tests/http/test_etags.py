"""ETag and If-Match, at a doctor's hours and at every other thing that has a version."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.database import Database
from support.clinic import DAY, contents

EMPTY: dict[str, Any] = {"windows": []}
RULES: dict[str, Any] = {"holidays": None, "policy": {}}
VISIT = {"name": "First visit", "duration_minutes": 45}


def _edit(admin: TestClient, doctor: str, *matches: str) -> Any:
    headers = [("If-Match", it) for it in matches]
    return admin.put(f"/v1/doctors/{doctor}/hours", json=EMPTY, headers=headers)


@pytest.mark.parametrize(
    "match",
    [
        *('"1"', ' \t"1"', '"7", "1"', '"1","7"', ',"1",', 'W/"1", "1"', '"a,b", "1"', "*", " * "),
    ],
)
def test_who_has_seen_what_is_there_may_edit(admin: TestClient, mei: str, match: str) -> None:
    """The version that was read, a list with it, and any version at all let an edit through."""
    answer = _edit(admin, mei, match)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize(
    "match",
    [
        *('"0"', '"2"', '"01"', '"1 "', '" 1"', '"1.0"', '""', 'W/"1"', 'W/"1", W/"2"', '"7", "8"'),
        *("1", "'1'", '"1', '1"', "", " ", "x", '"x"', "**", '*, "2"', "true", '"1;', "\u00e9"),
        *('x"1"', '"1"x', 'w/"1"', 'W/ "1"', '"a"1"b"', '"2" "1"'),
        '"' + "9" * 5000 + '"',
    ],
)
def test_who_has_not_seen_it_may_not(
    admin: TestClient, database: Database, mei: str, match: str
) -> None:
    """A stale, a weak and a made-up version is 412, and nothing is edited."""
    before = contents(database)
    answer = admin.put(
        f"/v1/doctors/{mei}/hours",
        json=EMPTY,
        headers=[(b"If-Match", match.encode("latin-1"))],
    )
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert contents(database) == before


def test_a_list_may_come_in_several_headers(admin: TestClient, mei: str) -> None:
    """Headers of the same name are one list (RFC 9110, section 5.3)."""
    assert _edit(admin, mei, '"7"', '"8"').status_code == 412
    assert _edit(admin, mei, '"7"', '"1"').status_code == 200
    assert _edit(admin, mei, '"2"', '"7"').status_code == 200


def test_each_edit_is_another_version(admin: TestClient, mei: str) -> None:
    """Of two who have read the same version, the second one to write is told."""
    path = f"/v1/doctors/{mei}"
    edits: list[tuple[str, str, Any]] = [
        ("PATCH", path, {}),
        ("PUT", f"{path}/hours", EMPTY),
        ("PUT", f"{path}/overrides/{DAY}", EMPTY),
        ("DELETE", f"{path}/overrides/{DAY}", None),
        ("PUT", f"{path}/policy", {}),
        ("POST", f"{path}/deactivate", None),
        ("POST", f"{path}/activate", None),
    ]
    for number, (method, where, body) in enumerate(edits, start=1):
        reads = {admin.get(f"{path}{it}").headers["etag"] for it in ("", "/hours", "/policy")}
        assert reads == {f'"{number}"'}
        headers = {"If-Match": f'"{number}"'}
        answer = admin.request(method, where, json=body, headers=headers)
        assert (answer.status_code, answer.headers["etag"]) == (200, f'"{number + 1}"')
        assert admin.request(method, where, json=body, headers=headers).status_code == 412


def test_the_clinic_has_a_version(admin: TestClient) -> None:
    """The clinic's rules and its default week are edited under one version."""
    for path, body in ("/v1/clinic", RULES), ("/v1/clinic/hours", EMPTY):
        seen = {admin.get(it).headers["etag"] for it in ("/v1/clinic", "/v1/clinic/hours")}
        assert len(seen) == 1
        headers = {"If-Match": seen.pop()}
        assert admin.put(path, json=body, headers=headers).status_code == 200
        assert admin.put(path, json=body, headers=headers).status_code == 412


def test_a_visit_type_has_a_version(admin: TestClient) -> None:
    """It is replaced and removed by who has seen it."""
    path = admin.post("/v1/visit-types", json=VISIT).headers["location"]
    first = {"If-Match": admin.get(path).headers["etag"]}
    answer = admin.put(path, json=VISIT, headers=first)
    assert answer.headers["etag"] == admin.get(path).headers["etag"] != first["If-Match"]
    assert admin.put(path, json=VISIT, headers=first).status_code == 412
    assert admin.delete(path, headers=first).status_code == 412
    headers = {"If-Match": answer.headers["etag"]}
    assert admin.delete(path, headers=headers).status_code == 204


def test_a_dry_run_is_told_too(admin: TestClient, mei: str) -> None:
    """A dry run of who has not seen the last edit is 412, and makes no version."""
    path = f"/v1/doctors/{mei}/hours?dry_run=true"
    assert admin.put(path, json=EMPTY, headers={"If-Match": '"9"'}).status_code == 412
    answer = admin.put(path, json=EMPTY, headers={"If-Match": '"1"'})
    assert (answer.status_code, "etag" in answer.headers) == (200, False)
    assert _edit(admin, mei, '"1"').status_code == 200


def test_what_is_not_there_has_no_version(admin: TestClient) -> None:
    """An unknown id is 404, whatever version is named."""
    assert _edit(admin, str(uuid4()), '"1"').status_code == 404


def test_a_booking_is_no_edit(admin: TestClient, mei: str) -> None:
    """Patients who book while somebody edits the hours are not in the way."""
    body = {"patient_id": "1", "patient_name": "Asha", "doctor_name": "Dr. Mei Chen"}
    slot = {"time_slot": "10:00 AM - 10:30 AM", "date": DAY.isoformat()}
    assert admin.post("/book_appointment", json={**body, **slot}).status_code == 201
    assert _edit(admin, mei, '"1"').status_code == 200

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import DOCTOR, RECEPTION, Role
from calendula.database import Database
from support.access import bearer, make_key
from support.clinic import DAY, RAJESH, TEN, TWO, book, find, walk


def _ids(client: TestClient, **params: str) -> list[str]:
    return [it["id"] for it in walk(client, "/v1/appointments", **params)]


def test_appointments_are_listed(admin: TestClient, mei: str) -> None:
    """What was booked is listed with its time and with who was booked, for no cache to keep."""
    appointment_id = book(admin, day=date(2025, 2, 7))
    answer = admin.get("/v1/appointments")
    (listed,) = answer.json()["items"]
    assert answer.headers["cache-control"] == "no-store"
    assert listed.pop("patient_id") == listed["patient"].pop("id")
    assert listed == {
        "id": appointment_id,
        "doctor_id": mei,
        "visit_type_id": None,
        "sequence": 0,
        "overridden": False,
        "date": "2025-02-07",
        "time_slot": TEN,
        "start": "2025-02-07T04:30:00Z",
        "end": "2025-02-07T05:00:00Z",
        "status": "booked",
        "orphaned": False,
        "patient": {"identifier": "P-1", "name": "Asha Verma"},
    }


def test_the_list_comes_in_pages(admin: TestClient) -> None:
    """Page by page, every appointment comes once, in time order, also those of the same time."""
    later = [book(admin, day=DAY + timedelta(days=n)) for n in (2, 1)]
    same = [book(admin, doctor_name=it) for it in ("Dr. Mei Chen", RAJESH, "Dr. Amina Yusuf")]
    for limit in "1", "2", "3", "200":
        assert _ids(admin, limit=limit) == [*same, *later[::-1]]


def test_the_list_can_be_narrowed(admin: TestClient, mei: str) -> None:
    """By doctor, by whether the timetable has lost the time, and by both."""
    lost, kept, others = book(admin, TWO), book(admin, TEN), book(admin, TWO, doctor_name=RAJESH)
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": []})
    day = {"start": "09:00", "end": "12:00", "slot_minutes": 30}
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": [day]})
    rajesh = find(admin, RAJESH)
    assert _ids(admin, orphaned="true") == _ids(admin, orphaned="") == [lost]
    assert set(_ids(admin, orphaned="false")) == {kept, others}
    assert _ids(admin, doctor=mei) == [kept, lost]
    assert _ids(admin, doctor=mei, orphaned="true") == [lost]
    assert _ids(admin, doctor=rajesh, orphaned="true") == []
    assert _ids(admin, doctor="00000000-0000-0000-0000-000000000000") == []


def test_the_list_is_of_dates_states_and_patients(admin: TestClient) -> None:
    """From a date to a date, of a status, of a patient, and any of these together."""
    first, second, third = (book(admin, day=DAY + timedelta(days=n)) for n in range(3))
    ravi = book(admin, TWO, patient_id="P-2", patient_name="Ravi")
    admin.post(f"/v1/appointments/{second}/cancel", json={})
    middle = str(DAY + timedelta(days=1))
    assert _ids(admin, **{"from": middle}) == [second, third]
    assert _ids(admin, to=middle) == [first, ravi, second]
    assert _ids(admin, **{"from": middle, "to": middle}) == [second]
    assert _ids(admin, status="cancelled") == [second]
    assert _ids(admin, status="booked", to=middle) == [first, ravi]
    (listed,) = admin.get(f"/v1/appointments?limit=1&from={DAY}").json()["items"]
    asha = listed["patient"]["id"]
    assert _ids(admin, patient=asha) == [first, second, third]
    assert _ids(admin, patient=asha, status="booked", **{"from": middle}) == [third]


@pytest.mark.parametrize(
    "query",
    [
        *("patient=x", "status=asleep", "status=", "from=2027-02-30", "to=x", "from="),
        *("from=2027-02-02&to=2027-02-01", "status=booked&status=booked"),
        *("doctor=x", "doctor=", "doctor=1", "doctor=%00", "orphaned=1", "orphaned=yes"),
        *("limit=0", "limit=201", "cursor=x", "limit=1&limit=1", "orphaned=true&orphaned=true"),
    ],
)
def test_a_bad_query_is_refused(admin: TestClient, query: str) -> None:
    """What is no id, no flag or no cursor, or is said twice, gets 422."""
    assert admin.get(f"/v1/appointments?{query}").status_code == 422


@pytest.mark.parametrize("role", [RECEPTION, DOCTOR])
def test_a_doctor_sees_their_own(
    client: TestClient, database: Database, mei: str, role: Role
) -> None:
    """Reception sees all; a doctor only their own, whomever they ask for and wherever they go."""
    own, others = book(client), book(client, doctor_name=RAJESH)
    rajesh = find(client, RAJESH)
    headers = bearer(make_key(database, RECEPTION).text)
    cursor = client.get("/v1/appointments?limit=1", headers=headers).json()["next"]
    client.headers.update(bearer(make_key(database, role).text))
    if role is DOCTOR:
        assert (_ids(client), _ids(client, doctor=mei)) == ([own], [own])
        assert _ids(client, doctor=rajesh) == []
        assert client.get(f"/v1/appointments?cursor={cursor}").json()["items"] == []
    else:
        assert (set(_ids(client)), _ids(client, doctor=rajesh)) == ({own, others}, [others])


def test_the_public_sees_none(client: TestClient) -> None:
    """Who is seen when is nobody's business."""
    assert client.get("/v1/appointments").status_code == 401

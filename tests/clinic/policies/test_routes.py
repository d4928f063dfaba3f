from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from calendula.access.roles import DOCTOR, RECEPTION, Role
from calendula.database import Database
from support.access import bearer, make_key
from support.clinic import (
    DAY,
    RAJESH,
    TEN,
    TWO,
    book,
    contents,
    day_of,
    find,
    labels,
    last_event,
    try_to_book,
)

NONE = dict.fromkeys(
    [
        *("minimum_notice_minutes", "horizon_days", "cancel_cutoff_minutes"),
        *("move_cutoff_minutes", "max_future_appointments"),
    ]
)
CONTACT = {
    "name": "Sunrise Clinic",
    "phone": "+91 80 5550 0100",
    "email": "desk@sunrise.example",
}
NOBODY = dict.fromkeys(CONTACT)
MORNING = datetime.combine(DAY, datetime.min.time(), ZoneInfo("Asia/Kolkata")).replace(hour=8)


def _rule(admin: TestClient, **limits: int | None) -> None:
    answer = admin.put("/v1/clinic", json={"holidays": None, "policy": limits})
    assert answer.status_code == 200, answer.text


def _own(admin: TestClient, doctor: str, **limits: int | None) -> Any:
    answer = admin.put(f"/v1/doctors/{doctor}/policy", json=limits)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 8 o'clock in Kolkata on the day that is asked about."""
    monkeypatch.setattr(clock, "now", lambda: MORNING.astimezone(UTC))


def test_the_rules_are_shown_and_replaced(admin: TestClient, database: Database) -> None:
    """A clinic starts without rules; what is put is what is read, with a new version each time."""
    answer = admin.get("/v1/clinic")
    assert answer.json() == {**NOBODY, "holidays": None, "policy": NONE}
    version = answer.headers["etag"]
    rules = {"holidays": "DE-BY", "policy": {"horizon_days": 90, "cancel_cutoff_minutes": 0}}
    answer = admin.put("/v1/clinic", json=rules, headers={"If-Match": version})
    shown = {**NOBODY, **rules, "policy": NONE | rules["policy"]}  # type: ignore[operator]
    assert answer.json() == {
        **shown,
        "effects": {"dry_run": False, "orphaned": [], "restored": []},
    }
    read = admin.get("/v1/clinic")
    assert (read.json(), read.headers["etag"]) == (shown, answer.headers["etag"])
    assert read.headers["etag"] != version
    stale = admin.put("/v1/clinic", json=rules, headers={"If-Match": version})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    event = last_event(database, "timetable.edited")
    assert event.actor.startswith("key:")
    assert (event.data["before"]["policy"], event.data["after"]) == (NONE, shown)


def test_the_clinic_says_who_it_is(admin: TestClient) -> None:
    """Name, telephone number and address are kept as put; what a later edit leaves out is none."""
    rules: dict[str, Any] = {"holidays": None, "policy": {}}
    for contact in CONTACT, {"name": "عيادة الشروق 🌅; O'Brien, \\ & Sons"}, {"phone": "100"}, {}:
        shown = {**NOBODY, **contact, "holidays": None, "policy": NONE}
        assert admin.put("/v1/clinic", json={**rules, **contact}).json() == {
            **shown,
            "effects": {"dry_run": False, "orphaned": [], "restored": []},
        }
        assert admin.get("/v1/clinic").json() == shown
    admin.put("/v1/clinic", json={**rules, **CONTACT})
    admin.put("/v1/clinic?dry_run", json=rules)
    assert admin.get("/v1/clinic").json() == {**CONTACT, "holidays": None, "policy": NONE}


@pytest.mark.parametrize("member", CONTACT)
@pytest.mark.parametrize(
    "value",
    [*("", " ", "\0", "A\r\nATTACH:x", "a\u202eb", "\ufeff", "x" * 300), 7, True, [], {}],
    ids=repr,
)
def test_a_contact_that_is_none_is_refused(
    admin: TestClient, database: Database, member: str, value: Any
) -> None:
    """What cannot be shown, called or written to gets 422 and the member's name, and stays out."""
    before = contents(database)
    rules = {**CONTACT, "holidays": None, "policy": {}, member: value}
    answer = admin.put("/v1/clinic", json=rules)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, member)
    assert contents(database) == before


def test_a_rule_of_the_clinic_is_a_new_version_of_each_doctor(admin: TestClient, mei: str) -> None:
    """Who has read a doctor's hours before the clinic's edit has not seen it."""
    _rule(admin, horizon_days=90)
    headers = {"If-Match": '"1"'}
    for doctor in mei, find(admin, RAJESH):
        answer = admin.put(f"/v1/doctors/{doctor}/policy", json={}, headers=headers)
        assert answer.status_code == 412


def test_a_doctors_own_limits_stand_above(admin: TestClient, database: Database, mei: str) -> None:
    """What is set for a doctor counts, null is no limit, and for the rest the clinic's hold."""
    _rule(admin, horizon_days=90, minimum_notice_minutes=60, max_future_appointments=3)
    own = {"horizon_days": 7, "minimum_notice_minutes": None}
    effective = {**NONE, **own, "max_future_appointments": 3}
    answer = admin.put(f"/v1/doctors/{mei}/policy", json=own, headers={"If-Match": '"2"'})
    assert answer.json() == {"own": own, "effective": effective}
    read = admin.get(f"/v1/doctors/{mei}/policy")
    assert (read.json(), read.headers["etag"]) == (answer.json(), '"3"')
    assert answer.headers["etag"] == '"3"'
    event = last_event(database, "policy.replaced")
    assert (str(event.doctor_id), event.actor[:4]) == (mei, "key:")
    assert (event.data["before"]["own"], event.data["after"]["own"]) == ({}, own)
    clinics = {**NONE, "horizon_days": 90, "minimum_notice_minutes": 60}
    assert _own(admin, mei) == {"own": {}, "effective": {**clinics, "max_future_appointments": 3}}


@pytest.mark.usefixtures("morning")
def test_a_booking_needs_its_notice(admin: TestClient, closed_client: TestClient, mei: str) -> None:
    """What begins sooner is not offered and not booked, to the minute, also in an open clinic."""
    _rule(admin, minimum_notice_minutes=120)
    for client in admin, closed_client:
        assert labels(client, mei)[0] == TEN
        answer = try_to_book(client, "9:30 AM - 10:00 AM")
        assert (answer.status_code, answer.json()["code"]) == (409, "slot-too-soon")
        assert answer.json()["available_slots"][0] == TEN
    _rule(admin, minimum_notice_minutes=121)
    assert TEN not in labels(admin, mei)
    _rule(admin, minimum_notice_minutes=24 * 60)
    assert day_of(admin, mei)["reason"] == "notice"


@pytest.mark.usefixtures("morning")
def test_a_booking_is_not_too_far_ahead(
    admin: TestClient, closed_client: TestClient, mei: str
) -> None:
    """The horizon is a number of days after today; what is later is not offered and not booked."""
    _rule(admin, horizon_days=2)
    last = DAY + timedelta(days=2)
    for client in admin, closed_client:
        assert len(labels(client, mei, last)) == 8
        assert day_of(client, mei, last + timedelta(days=1))["reason"] == "horizon"
        answer = try_to_book(client, day=last + timedelta(days=1))
        assert (answer.status_code, answer.json()["code"]) == (409, "slot-too-far-ahead")
    book(closed_client, day=last)
    _rule(admin, horizon_days=0)
    assert (len(labels(admin, mei)), labels(admin, mei, last)) == (8, [])


def test_a_horizon_may_be_longer_than_the_calendar(admin: TestClient, mei: str) -> None:
    """Whatever the limits are, no lookup fails."""
    most = {"horizon_days": 3660, "minimum_notice_minutes": 366 * 24 * 60}
    _rule(admin, **most, cancel_cutoff_minutes=0, max_future_appointments=1000)
    assert day_of(admin, mei)["reason"] == "notice"


def test_a_patient_has_so_many_appointments_and_no_more(
    admin: TestClient, closed_client: TestClient, mei: str
) -> None:
    """A patient's appointments ahead with one doctor are counted; others' and past ones are not."""
    _rule(admin, max_future_appointments=1)
    book(admin, day=DAY.replace(year=2024, month=2, day=1))
    book(closed_client)
    for client in admin, closed_client:
        answer = try_to_book(client, TWO)
        assert (answer.status_code, answer.json()["code"]) == (409, "too-many-appointments")
        assert TWO in answer.json()["available_slots"]
    book(closed_client, doctor_name=RAJESH)
    book(closed_client, TWO, patient_id="P-2")
    _own(admin, mei, max_future_appointments=2)
    book(closed_client, "2:30 PM - 3:00 PM")
    _own(admin, mei, max_future_appointments=None)
    book(closed_client, "11:00 AM - 11:30 AM")


def test_limits_are_about_new_bookings(admin: TestClient, mei: str) -> None:
    """What is booked already stays as it is, and is not orphaned."""
    book(admin)
    _rule(admin, horizon_days=1)
    _own(admin, mei, horizon_days=0)
    (listed,) = admin.get("/v1/appointments").json()["items"]
    assert (listed["status"], listed["orphaned"]) == ("booked", False)


@pytest.mark.parametrize("name", NONE)
@pytest.mark.parametrize("value", ["-1", "1.0", '"1"', "true", "1e3", "[]", "9223372036854775808"])
def test_a_limit_that_is_none_is_refused(
    admin: TestClient, mei: str, name: str, value: str
) -> None:
    """A limit is a whole number within bounds, or null."""
    path, body = f"/v1/doctors/{mei}/policy", f'{{"{name}": {value}}}'
    answer = admin.put(path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name)


@pytest.mark.parametrize(
    "rules", [{}, {"holidays": None}, {"policy": {}}, {"holidays": None, "policy": None}], ids=str
)
def test_the_rules_are_replaced_whole(
    admin: TestClient, database: Database, rules: dict[str, Any]
) -> None:
    """Rules of which a part is missing get 422, so that nobody takes holidays back by mistake."""
    before = contents(database)
    assert admin.put("/v1/clinic", json=rules).status_code == 422
    assert contents(database) == before


@pytest.mark.parametrize("role", [RECEPTION, DOCTOR])
def test_who_may_see_the_rules(
    client: TestClient, database: Database, mei: str, role: Role
) -> None:
    """The staff reads the rules, a doctor only their own limits; only an admin sets them."""
    rajesh = find(client, RAJESH)
    client.headers.update(bearer(make_key(database, role).text))
    assert client.get("/v1/clinic").status_code == 200
    assert client.get(f"/v1/doctors/{mei}/policy").status_code == 200
    others = client.get(f"/v1/doctors/{rajesh}/policy").status_code
    assert others == (403 if role is DOCTOR else 200)
    assert client.put(f"/v1/doctors/{mei}/policy", json={}).status_code == 403
    rules: dict[str, Any] = {"holidays": None, "policy": {}}
    assert client.put("/v1/clinic", json=rules).status_code == 403

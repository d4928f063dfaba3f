"""Why a time can be booked, or cannot."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from support.clinic import DAY, RAJESH, TEN, book, find, labels, window

KOLKATA = ZoneInfo("Asia/Kolkata")
HOLIDAY = date(DAY.year + 1, 7, 14)  # in France, every year


def _at(clock_time: str, day: date = DAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock_time), KOLKATA)


def _explain(
    client: TestClient, doctor: str, start: str = "10:00", day: date = DAY, **other: str
) -> Any:
    asked = {"start": _at(start, day).isoformat(), **other}
    answer = client.get(f"/v1/doctors/{doctor}/slots/explain", params=asked)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["bookable"] is (body["obstacles"] == [])
    return body["obstacles"]


def _codes(client: TestClient, doctor: str, *when: Any, **other: Any) -> list[str]:
    return [it["code"] for it in _explain(client, doctor, *when, **other)]


@pytest.fixture
def staff(admin: TestClient, closed_client: TestClient) -> TestClient:
    """The client of the closed clinic, with an admin's key, at 8 o'clock of the day."""
    closed_client.headers.update(admin.headers)
    return closed_client


@pytest.fixture
def morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 8 o'clock in Kolkata on the day that is asked about."""
    monkeypatch.setattr(clock, "now", lambda: _at("08:00").astimezone(UTC))


def test_what_is_free_has_no_obstacle(admin: TestClient, mei: str) -> None:
    """A free slot is bookable; its start is shown in the doctor's zone, however it was asked."""
    for start in (
        _at("10:00"),
        _at("10:00").astimezone(UTC),
        _at("10:00").astimezone(ZoneInfo("Asia/Tokyo")),
    ):
        path = f"/v1/doctors/{mei}/slots/explain"
        answer = admin.get(path, params={"start": start.isoformat()})
        free = {"start": f"{DAY}T10:00:00+05:30", "bookable": True, "obstacles": []}
        assert answer.json() == free


@pytest.mark.parametrize(
    ("start", "code"),
    [
        *(("08:59", "closed"), ("12:00", "closed"), ("15:00", "closed"), ("03:00", "closed")),
        *(("09:15", "no_slot"), ("09:00:01", "no_slot"), ("11:59:59.999999", "no_slot")),
    ],
)
def test_a_time_that_is_no_slot(admin: TestClient, mei: str, start: str, code: str) -> None:
    """Outside the hours the doctor is closed; within, no slot begins at that time."""
    assert _codes(admin, mei, start) == [code]


def test_who_has_the_time(admin: TestClient, mei: str) -> None:
    """An appointment that holds the time is named by its id, without its patient."""
    appointment_id = book(admin)
    (obstacle,) = _explain(admin, mei)
    assert (obstacle["code"], obstacle["appointment_id"]) == ("full", appointment_id)
    assert "Asha" not in str(obstacle)
    for free in "09:30", "10:30":
        assert _codes(admin, mei, free) == []
    assert _codes(admin, find(admin, RAJESH)) == []


def test_time_off_of_either_kind(admin: TestClient, mei: str) -> None:
    """The doctor's and the clinic's time off are told with their reasons, each on its own."""
    off = {"start": _at("10:29").isoformat(), "end": _at("10:30").isoformat()}
    admin.post(f"/v1/doctors/{mei}/time-off", json={**off, "reason": "dentist"})
    admin.post("/v1/time-off", json=off)
    details = {it["detail"] for it in _explain(admin, mei)}
    assert details == {"The doctor has time off: dentist.", "The clinic has time off."}
    assert _codes(admin, mei) == ["time_off", "time_off"]
    assert _codes(admin, find(admin, RAJESH)) == ["time_off"]
    assert _codes(admin, mei, "10:30") == []


@pytest.mark.usefixtures("morning")
def test_the_limits(admin: TestClient, staff: TestClient, mei: str) -> None:
    """What has passed, is too soon or too far ahead says so, with the limit."""
    yesterday = DAY - timedelta(days=1)
    assert _codes(staff, mei, "10:00", yesterday) == ["past"]
    assert _codes(admin, mei, "10:00", yesterday) == []
    admin.put(f"/v1/doctors/{mei}/policy", json={"minimum_notice_minutes": 121, "horizon_days": 3})
    (soon,) = _explain(staff, mei)
    assert (soon["code"], "121 minutes" in soon["detail"]) == ("notice", True)
    (far,) = _explain(staff, mei, "10:00", DAY + timedelta(days=4))
    assert (far["code"], "3 days" in far["detail"]) == ("horizon", True)
    assert _codes(staff, mei, "10:30") == []


def test_a_holiday(admin: TestClient, mei: str) -> None:
    """A holiday is told by its name, at any time of it; one that the doctor works on is none."""
    admin.put("/v1/clinic", json={"holidays": "FR", "policy": {}})
    for start in "10:00", "20:00":
        (obstacle,) = _explain(admin, mei, start, HOLIDAY)
        assert obstacle["code"] == "holiday"
        assert "National Day" in obstacle["detail"]
    admin.patch(f"/v1/doctors/{mei}", json={"holidays": "none"})
    assert _codes(admin, mei, "10:00", HOLIDAY) == []


def test_all_obstacles_are_told(admin: TestClient, mei: str) -> None:
    """Whoever clears one away knows of the next."""
    book(admin)
    off = {"start": _at("09:00").isoformat(), "end": _at("12:00").isoformat()}
    admin.post(f"/v1/doctors/{mei}/time-off", json=off)
    admin.put(f"/v1/doctors/{mei}/policy", json={"horizon_days": 1})
    assert _codes(admin, mei) == ["time_off", "horizon", "full"]


def test_who_is_gone(admin: TestClient, mei: str) -> None:
    """A doctor who sees nobody any more is inactive, whatever else stands against it."""
    admin.post(f"/v1/doctors/{mei}/deactivate")
    assert _codes(admin, mei) == ["inactive"]
    assert _codes(admin, mei, "03:00") == ["inactive"]


def test_a_visit(admin: TestClient, mei: str) -> None:
    """A visit's buffers count: against the end of the hours, time off and appointments."""
    body = {"name": "Visit", "duration_minutes": 30, "buffer_after_minutes": 15}
    kind = admin.post("/v1/visit-types", json=body).json()["id"]
    (obstacle,) = _explain(admin, mei, "11:30", visit_type=kind)
    assert (obstacle["code"], "buffers" in obstacle["detail"]) == ("no_slot", True)
    assert _codes(admin, mei, "11:30") == []
    appointment_id = book(admin)
    (obstacle,) = _explain(admin, mei, "09:30", visit_type=kind)
    assert (obstacle["code"], obstacle["appointment_id"]) == ("full", appointment_id)
    off = {"start": _at("14:40").isoformat(), "end": _at("15:00").isoformat()}
    admin.post(f"/v1/doctors/{mei}/time-off", json=off)
    assert _codes(admin, mei, "14:00", visit_type=kind) == ["time_off"]


def test_a_night_is_asked_for_by_its_instant(admin: TestClient, mei: str) -> None:
    """A slot after midnight belongs to hours that began the day before."""
    admin.put(
        f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": [window("22:00", "02:00", 60)]}
    )
    after = DAY + timedelta(days=1)
    admin.put(f"/v1/doctors/{mei}/overrides/{after}", json={"windows": []})
    assert _codes(admin, mei, "01:00", after) == []
    assert _codes(admin, mei, "01:30", after) == ["no_slot"]
    assert _codes(admin, mei, "02:00", after) == ["closed"]


def test_a_slot_that_is_taken_by_its_name(admin: TestClient, mei: str) -> None:
    """After a change of zone a slot is taken by what was booked under its name, here as there."""
    appointment_id = book(admin)
    admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Asia/Tokyo"})
    assert TEN not in labels(admin, mei)
    tokyo = datetime.combine(DAY, time(10), ZoneInfo("Asia/Tokyo")).astimezone(KOLKATA)
    (obstacle,) = _explain(admin, mei, tokyo.time().isoformat(), tokyo.date())
    assert (obstacle["code"], obstacle["appointment_id"]) == ("full", appointment_id)


@pytest.mark.parametrize(
    "start",
    ["", "2027-02-26", "2027-02-26T09:00:00", "x", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
)
def test_what_is_no_instant_is_refused(admin: TestClient, mei: str, start: str) -> None:
    """A time without its offset, or at the ends of the calendar, gets 422."""
    answer = admin.get(f"/v1/doctors/{mei}/slots/explain", params={"start": start})
    assert answer.status_code == 422

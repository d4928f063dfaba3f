"""Other hours on single dates."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.database import Database
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
    orphans,
    walk,
    window,
)


def _set(admin: TestClient, doctor: str, *windows: dict[str, Any], query: str = "") -> Any:
    path = f"/v1/doctors/{doctor}/overrides/{DAY}{query}"
    answer = admin.put(path, json={"windows": list(windows)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_date_has_other_hours(admin: TestClient, mei: str) -> None:
    """An override is instead of the week's hours, for this date and this doctor alone."""
    shown = _set(admin, mei, window("22:00", "24:00", 60), window("07:00", "08:00", 60))
    assert labels(admin, mei) == [
        "7:00 AM - 8:00 AM",
        "10:00 PM - 11:00 PM",
        "11:00 PM - 12:00 AM",
    ]
    (listed,) = admin.get(f"/v1/doctors/{mei}/overrides").json()["items"]
    assert listed == {it: shown[it] for it in ("date", "windows")}
    assert listed["date"] == DAY.isoformat()
    assert len(labels(admin, mei, DAY + timedelta(days=1))) == 8
    assert len(labels(admin, find(admin, RAJESH))) == 8


def test_a_date_may_be_free(admin: TestClient, database: Database, mei: str) -> None:
    """Without windows the doctor does not work, and a dry run says before what is lost."""
    appointment_id, before = book(admin), contents(database)
    dry = _set(admin, mei, query="?dry_run=true")
    assert contents(database) == before
    real = _set(admin, mei)
    assert [it["id"] for it in real["effects"]["orphaned"]] == [appointment_id] == orphans(admin)
    assert real["effects"] == dry["effects"] | {"dry_run": False}
    assert day_of(admin, mei)["reason"] == "closed"
    event = last_event(database, "timetable.edited")
    assert (str(event.doctor_id), event.data["what"]) == (mei, "override")


def test_an_override_is_replaced_and_taken_back(
    admin: TestClient, database: Database, mei: str
) -> None:
    """The last one counts, each edit is a new version, and what was lost is restored."""
    path = f"/v1/doctors/{mei}/overrides/{DAY}"
    ids = [book(admin, TEN), book(admin, TWO)]
    _set(admin, mei)
    effects = _set(admin, mei, window("10:00", "11:00"))["effects"]
    assert [it["id"] for it in effects["restored"]] == ids[:1]
    before = contents(database)
    dry = admin.delete(f"{path}?dry_run")
    assert contents(database) == before
    assert "etag" not in dry.headers
    real = admin.delete(path, headers={"If-Match": '"3"'})
    assert (real.status_code, real.headers["etag"]) == (200, '"4"')
    assert [it["id"] for it in real.json()["restored"]] == ids[1:]
    assert real.json() == dry.json() | {"dry_run": False}
    again = admin.delete(path)
    assert (again.status_code, again.json()["restored"]) == (200, [])
    assert walk(admin, f"/v1/doctors/{mei}/overrides") == orphans(admin) == []


def test_the_list_comes_in_pages(admin: TestClient, mei: str) -> None:
    """Page by page, every date comes once, in time order."""
    dates = [(DAY + timedelta(days=n)).isoformat() for n in (5, 1, 400, 2, 3)]
    for it in dates:
        admin.put(f"/v1/doctors/{mei}/overrides/{it}", json={"windows": []})
    for limit in "1", "2", "5":
        seen = walk(admin, f"/v1/doctors/{mei}/overrides", limit=limit)
        assert [it["date"] for it in seen] == sorted(dates)
    assert walk(admin, f"/v1/doctors/{find(admin, RAJESH)}/overrides") == []


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"])
def test_the_ends_of_the_calendar_are_dates(admin: TestClient, mei: str, day: str) -> None:
    """The first and the last date may have other hours, past midnight too, and nothing fails."""
    path = f"/v1/doctors/{mei}/overrides/{day}"
    night = {"windows": [window("22:00", "21:00")]}
    for zone in "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata":
        admin.patch(f"/v1/doctors/{mei}", json={"time_zone": zone})
        assert admin.put(path, json=night).status_code == 200
        asked = {"doctor_name": "Dr. Mei Chen", "date": day}
        assert admin.get("/available_slots", params=asked).status_code == 200
        assert admin.delete(path).status_code == 200


@pytest.mark.parametrize("day", ["2027-02-30", "20270226", "2027-2-6", "0000-01-01", "x", "%00"])
def test_what_is_no_date_is_refused(admin: TestClient, mei: str, day: str) -> None:
    """A path that names no date of the calendar gets 422, and does not repeat it."""
    path = f"/v1/doctors/{mei}/overrides/{day}"
    for answer in admin.put(path, json={"windows": []}), admin.delete(path):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "date")
        assert day == "x" or day not in answer.text


def test_windows_of_a_date_keep_apart(admin: TestClient, mei: str) -> None:
    """Windows that share a minute get 422; such as meet are two."""
    path = f"/v1/doctors/{mei}/overrides/{DAY}"
    two = [window("09:00", "10:00"), window("09:59", "11:00")]
    assert admin.put(path, json={"windows": two}).status_code == 422
    two[1]["start"] = "10:00"
    assert admin.put(path, json={"windows": two}).status_code == 200
    assert labels(admin, mei)[1:3] == ["9:30 AM - 10:00 AM", "10:00 AM - 10:30 AM"]

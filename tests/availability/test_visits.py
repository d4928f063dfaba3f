"""Where visits with a length, buffers and windows of their own fit in."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from support.clinic import DAY, book, day_of, every_day, labels, weekday, window


def _add(admin: TestClient, minutes: int, before: int = 0, after: int = 0, **other: Any) -> str:
    body = {
        "name": "Visit",
        "duration_minutes": minutes,
        "buffer_before_minutes": before,
        "buffer_after_minutes": after,
    }
    answer = admin.post("/v1/visit-types", json={**body, **other})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _starts(admin: TestClient, doctor: str, visit_type: str) -> list[str]:
    found = labels(admin, doctor, visit_type=visit_type)
    return [label.partition(" - ")[0].replace(" AM", "").replace(" PM", "") for label in found]


def _work(admin: TestClient, doctor: str, *windows: dict[str, Any]) -> None:
    assert admin.put(f"/v1/doctors/{doctor}/hours", json=every_day(*windows)).status_code == 200


@pytest.mark.parametrize(
    ("visit", "starts"),
    [
        ((30,), ["9:00", "9:30", "10:00", "10:30"]),
        ((45,), ["9:00", "9:30", "10:00"]),
        ((120,), ["9:00"]),
        ((125,), []),
        ((30, 1), ["9:30", "10:00", "10:30"]),
        ((30, 0, 1), ["9:00", "9:30", "10:00"]),
        ((30, 30, 30), ["9:30", "10:00"]),
        ((60, 30, 30), ["9:30"]),
        ((60, 30, 31), []),
    ],
    ids=str,
)
def test_a_visit_fits_into_the_hours(
    admin: TestClient, mei: str, visit: tuple[int, ...], starts: list[str]
) -> None:
    """A visit with its buffers lies in the hours, from the first minute to the last."""
    _work(admin, mei, window("09:00", "11:00"))
    assert _starts(admin, mei, _add(admin, *visit)) == starts


def test_a_visit_is_as_long_as_it_is(admin: TestClient, mei: str) -> None:
    """Its label and its end are those of the visit, and its buffers are not the patient's."""
    (slot, *_) = day_of(admin, mei, visit_type=_add(admin, 45, after=15))["slots"]
    assert slot == {
        "start": f"{DAY}T09:00:00+05:30",
        "end": f"{DAY}T09:45:00+05:30",
        "label": "9:00 AM - 9:45 AM",
    }
    path = f"/v1/doctors/{mei}/slots/next"
    kind = admin.get("/v1/visit-types").json()["items"][0]["id"]
    (found,) = admin.get(path, params={"visit_type": kind}).json()["slots"]
    length = datetime.fromisoformat(found["end"]) - datetime.fromisoformat(found["start"])
    assert length.total_seconds() == 45 * 60


def test_hours_that_meet_are_one(admin: TestClient, mei: str) -> None:
    """A visit may go over from one window into the next, and not over a gap."""
    _work(admin, mei, window("09:00", "10:00"), window("10:00", "11:00", 20))
    visit = _add(admin, 60)
    assert _starts(admin, mei, visit) == ["9:00", "9:30", "10:00"]
    _work(admin, mei, window("09:00", "10:00"), window("10:01", "11:01", 20))
    assert _starts(admin, mei, visit) == ["9:00", "10:01"]


def test_a_visit_may_go_past_midnight(admin: TestClient, mei: str) -> None:
    """Hours that go on after midnight hold a visit that does."""
    _work(admin, mei, window("22:00", "24:00", 60), window("00:00", "00:30"))
    visit = _add(admin, 90)
    assert labels(admin, mei, visit_type=visit) == ["10:00 PM - 11:30 PM", "11:00 PM - 12:30 AM"]


@pytest.mark.parametrize(
    ("visit", "starts"),
    [
        ((30,), ["9:00", "9:30", "10:30", "11:00", "11:30"]),
        ((60,), ["9:00", "10:30", "11:00"]),
        ((30, 0, 10), ["9:00", "10:30", "11:00"]),
        ((30, 10), ["9:30", "11:00", "11:30"]),
        ((30, 30, 30), ["11:00"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("obstacle", ["appointment", "time off"])
def test_buffers_keep_away_from_what_is_there(
    admin: TestClient, mei: str, obstacle: str, visit: tuple[int, ...], starts: list[str]
) -> None:
    """A visit's buffers do not reach into an appointment or time off, and may touch them."""
    _work(admin, mei, window("09:00", "12:00"))
    kind = _add(admin, *visit)
    if obstacle == "appointment":
        book(admin)
    else:
        at = [
            datetime.combine(DAY, time(10, minute), ZoneInfo("Asia/Kolkata")) for minute in (0, 30)
        ]
        off = {"start": at[0].isoformat(), "end": at[1].isoformat()}
        admin.post(f"/v1/doctors/{mei}/time-off", json=off)
    assert _starts(admin, mei, kind) == starts


def test_a_visit_has_windows_of_its_own(admin: TestClient, mei: str) -> None:
    """A visit, without its buffers, lies in one of its windows, on their weekdays alone."""
    _work(admin, mei, window("09:00", "12:00"))
    other = weekday(DAY + timedelta(days=1))
    windows = [
        {"weekday": weekday(DAY), "start": "09:30", "end": "10:30"},
        {"weekday": weekday(DAY), "start": "10:30", "end": "11:15"},
        {"weekday": other, "start": "09:00", "end": "12:00"},
    ]
    kind = _add(admin, 30, 30, 30, windows=windows)
    assert _starts(admin, mei, kind) == ["9:30", "10:00", "10:30"]


def test_a_day_without_room_is_closed(admin: TestClient, mei: str) -> None:
    """Where a visit is never possible on a date, the reason is that it is closed for it."""
    elsewhere = {"weekday": weekday(DAY), "start": "18:00", "end": "19:00"}
    kind = _add(admin, 30, windows=[elsewhere])
    assert day_of(admin, mei, visit_type=kind)["reason"] == "closed"
    assert admin.get(f"/v1/doctors/{mei}/slots/next?visit_type={kind}").json()["slots"] == []


def test_a_full_day_is_full_for_a_visit(admin: TestClient, mei: str) -> None:
    """Where appointments leave no room, the day is full for it, though slots are free."""
    _work(admin, mei, window("09:00", "10:30"))
    book(admin, "9:30 AM - 10:00 AM")
    assert day_of(admin, mei, visit_type=_add(admin, 60))["reason"] == "full"
    assert len(labels(admin, mei)) == 2


def test_policies_are_about_the_visit_itself(admin: TestClient, mei: str) -> None:
    """A horizon hides visits as it hides slots."""
    admin.put(f"/v1/doctors/{mei}/policy", json={"horizon_days": 1})
    assert day_of(admin, mei, visit_type=_add(admin, 30))["reason"] == "horizon"

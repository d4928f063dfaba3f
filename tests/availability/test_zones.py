"""The nights in which clocks change, over the API and for the classic clients."""

from datetime import date, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from support.clinic import every_day, try_to_book, window


def _ask(admin: TestClient, zone: str, day: str, minutes: int) -> Any:
    """Return the slots of a night, for a doctor of a zone who works from 1 to 4 o'clock."""
    made = admin.post("/v1/doctors", json={"name": "Dr. Night", "time_zone": zone}).json()
    path = f"/v1/doctors/{made['id']}"
    admin.put(f"{path}/hours", json=every_day(window("01:00", "04:00", minutes)))
    (found,) = admin.get(f"{path}/slots", params={"from": day, "to": day}).json()["dates"]
    asked = {"doctor_name": "Dr. Night", "date": day}
    classic = admin.get("/available_slots", params=asked).json()["available_slots"]
    assert classic == [it["label"] for it in found["slots"]]
    return found


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("Europe/Berlin", "2027-03-28", ["01:00+01:00", "03:00+02:00"]),
        ("Europe/Berlin", "2027-10-31", ["01:00+02:00", "02:00+02:00", "03:00+01:00"]),
        ("America/New_York", "2027-03-14", ["01:00-05:00", "03:00-04:00"]),
        ("Asia/Kolkata", "2027-03-28", ["01:00+05:30", "02:00+05:30", "03:00+05:30"]),
    ],
)
def test_a_slot_is_offered_if_its_label_is_true(
    admin: TestClient, zone: str, day: str, starts: list[str]
) -> None:
    """What the clock skips is not offered, what it repeats is once, with offsets that say which."""
    slots = _ask(admin, zone, day, 60)["slots"]
    assert [it["start"][11:16] + it["start"][19:] for it in slots] == starts
    for it in slots:
        length = datetime.fromisoformat(it["end"]) - datetime.fromisoformat(it["start"])
        assert length.total_seconds() == 3600


def test_a_skipped_slot_cannot_be_booked(admin: TestClient) -> None:
    """A booking of a time that there is not is told what there is."""
    _ask(admin, "Europe/Berlin", "2027-03-28", 60)
    day = date(2027, 3, 28)
    answer = try_to_book(admin, "2:00 AM - 3:00 AM", day, doctor_name="Dr. Night")
    assert (answer.status_code, answer.json()["code"]) == (409, "slot-not-offered")
    assert answer.json()["available_slots"] == ["1:00 AM - 2:00 AM", "3:00 AM - 4:00 AM"]


def test_a_date_that_there_was_not_is_closed(admin: TestClient) -> None:
    """Samoa went from Thursday to Saturday."""
    assert _ask(admin, "Pacific/Apia", "2011-12-30", 60)["reason"] == "closed"

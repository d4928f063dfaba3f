"""Public holidays: the clinic's, and a doctor's own."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.database import Database
from support.clinic import (
    DAY,
    RAJESH,
    book,
    contents,
    day_of,
    every_day,
    find,
    labels,
    last_event,
    orphans,
    try_to_book,
    weekday,
    window,
)

BASTILLE_DAY = date(DAY.year + 1, 7, 14)  # in France, every year
UNITY_DAY = date(DAY.year + 1, 10, 3)  # in Germany, every year


def _keep(admin: TestClient, calendar: str | None, query: str = "") -> Any:
    answer = admin.put(f"/v1/clinic{query}", json={"holidays": calendar, "policy": {}})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_nobody_works_on_the_clinics_holidays(
    admin: TestClient, closed_client: TestClient, mei: str
) -> None:
    """A holiday is empty and says why, to new and classic clients; the next day is not."""
    _keep(admin, "FR")
    for doctor in mei, find(admin, RAJESH):
        empty = {"date": BASTILLE_DAY.isoformat(), "slots": [], "reason": "holiday"}
        assert day_of(admin, doctor, BASTILLE_DAY) == empty
        assert len(labels(admin, doctor, BASTILLE_DAY.replace(day=15))) == 8
    asked = {"doctor_name": RAJESH, "date": BASTILLE_DAY.isoformat()}
    found = closed_client.get("/available_slots", params=asked).json()
    assert found == {"available_slots": [], "reason": "holiday"}
    assert try_to_book(closed_client, day=BASTILLE_DAY).json()["code"] == "slot-not-offered"


def test_a_holiday_orphans_what_is_booked(admin: TestClient, database: Database, mei: str) -> None:
    """Every doctor's appointments on it are listed and stay; they are back when it is none."""
    ids = [book(admin, day=BASTILLE_DAY, doctor_name=it) for it in ("Dr. Mei Chen", RAJESH)]
    book(admin, day=BASTILLE_DAY.replace(day=15))
    before = contents(database)
    dry = _keep(admin, "FR", "?dry_run=true")
    assert contents(database) == before
    real = _keep(admin, "FR")
    assert {it["id"] for it in real["effects"]["orphaned"]} == set(ids) == set(orphans(admin))
    assert real | {"effects": 0} == dry | {"effects": 0}
    assert real["effects"] == dry["effects"] | {"dry_run": False}
    event = last_event(database, "timetable.edited")
    assert (event.doctor_id, event.data["what"], event.data["orphaned"]) == (None, "clinic", 2)
    assert {it["id"] for it in _keep(admin, None)["effects"]["restored"]} == set(ids)
    assert orphans(admin) == []


def test_a_doctor_may_have_holidays_of_their_own(admin: TestClient, mei: str) -> None:
    """Theirs stand above the clinic's, `none` is none at all, and null is the clinic's again."""
    _keep(admin, "FR")
    for own, there, away in ("DE-BY", True, False), ("none", True, True), (None, False, True):
        admin.patch(f"/v1/doctors/{mei}", json={"holidays": own})
        assert bool(labels(admin, mei, BASTILLE_DAY)) is there
        assert bool(labels(admin, mei, UNITY_DAY)) is away


def test_an_override_stands_above_a_holiday(admin: TestClient, mei: str) -> None:
    """A doctor may work on a holiday after all; other hours of the week do not bring that about."""
    appointment_id = book(admin, day=BASTILLE_DAY)
    _keep(admin, "FR")
    admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("09:00", "17:00")))
    assert day_of(admin, mei, BASTILLE_DAY)["reason"] == "holiday"
    path = f"/v1/doctors/{mei}/overrides/{BASTILLE_DAY}"
    effects = admin.put(path, json={"windows": [window("10:00", "11:00")]}).json()["effects"]
    assert [it["id"] for it in effects["restored"]] == [appointment_id]
    assert labels(admin, mei, BASTILLE_DAY) == ["10:30 AM - 11:00 AM"]
    effects = admin.delete(path).json()
    assert [it["id"] for it in effects["orphaned"]] == [appointment_id]


def test_who_is_free_on_a_holiday_is_closed(admin: TestClient, mei: str) -> None:
    """Where an override says that the doctor does not work, that is the reason, holiday or not."""
    _keep(admin, "FR")
    path = f"/v1/doctors/{mei}/overrides/{BASTILLE_DAY}"
    admin.put(path, json={"windows": []})
    assert day_of(admin, mei, BASTILLE_DAY)["reason"] == "closed"


def test_a_holiday_on_a_free_day_is_no_reason(admin: TestClient, mei: str) -> None:
    """Where nobody would work anyway, the doctor is closed, holiday or not."""
    _keep(admin, "FR")
    week = every_day(window("09:00", "10:00"))["windows"]
    others = [it for it in week if it["weekday"] != weekday(BASTILLE_DAY)]
    admin.put(f"/v1/doctors/{mei}/hours", json={"windows": others})
    assert day_of(admin, mei, BASTILLE_DAY)["reason"] == "closed"


def test_a_night_before_a_holiday_goes_on(admin: TestClient, mei: str) -> None:
    """Hours belong to the date on which they begin: the holiday takes those that begin on it."""
    admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("22:00", "02:00", 60)))
    _keep(admin, "FR")
    assert labels(admin, mei, BASTILLE_DAY) == ["12:00 AM - 1:00 AM", "1:00 AM - 2:00 AM"]
    after = labels(admin, mei, BASTILLE_DAY.replace(day=15))
    assert after == ["10:00 PM - 11:00 PM", "11:00 PM - 12:00 AM"]


@pytest.mark.parametrize("year", [1, 1900, 2400, 4100, 9998])
@pytest.mark.parametrize("calendar", ["IN", "DE-BY", "SA", "CN", "IL", "ET"])
def test_holidays_have_no_end(admin: TestClient, calendar: str, year: int) -> None:
    """In years of which nobody knows the holidays, slots are offered."""
    _keep(admin, calendar)
    found = admin.get(
        f"/v1/doctors/{find(admin)}/slots",
        params={"from": date(year, 3, 1).isoformat(), "to": date(year, 5, 1).isoformat()},
    )
    assert found.status_code == 200
    assert any(day["slots"] for day in found.json()["dates"])


@pytest.mark.parametrize(
    "code",
    [
        *("XX", "in", "IN-", "-", "IN-XX", "DE-BY-M", "IND", "India", "IN\0", " IN", "none", ""),
        *("NZ-South Canterbury", "BR-São Paulo Capital"),
    ],
)
def test_an_unknown_calendar_is_refused(admin: TestClient, database: Database, code: str) -> None:
    """What is no code of ISO 3166 gets 422 on both databases, and changes nothing."""
    before = contents(database)
    answer = admin.put("/v1/clinic", json={"holidays": code, "policy": {}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "holidays")
    assert contents(database) == before

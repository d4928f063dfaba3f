from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

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
    every_day,
    find,
    labels,
    last_event,
    orphans,
    try_to_book,
    walk,
    weekday,
    window,
)

MORNING = every_day(window("09:00", "12:00"))
WHOLE = {"valid_from": None, "valid_until": None, "every_weeks": 1}


def _put(admin: TestClient, doctor: str, week: Any, query: str = "") -> Any:
    answer = admin.put(f"/v1/doctors/{doctor}/hours{query}", json=week)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _only(day: date, *windows: dict[str, Any]) -> dict[str, Any]:
    """Return a week with these windows on the weekday of a date."""
    return {"windows": [{**it, "weekday": weekday(day)} for it in windows]}


def test_a_week_is_read_as_it_was_put(admin: TestClient, mei: str) -> None:
    """What is put is what is read, in the order of the week, with another version each time."""
    read = admin.get(f"/v1/doctors/{mei}/hours")
    assert (len(read.json()["windows"]), read.headers["etag"]) == (14, '"1"')
    assert read.json()["windows"][0] == {**window("09:00", "12:00"), "weekday": "mon", **WHOLE}
    windows = [
        window("22:00", "06:00", 60, weekday="sun", **WHOLE),
        window("18:00", "00:00", 45, weekday="sat", **WHOLE),
        window("13:00", "17:00", 5, weekday="mon", **WHOLE),
        window("09:00", "12:00", 20, weekday="mon", **WHOLE)
        | {"valid_from": "2099-01-01", "valid_until": "2099-06-30", "every_weeks": 2},
    ]
    answer = admin.put(f"/v1/doctors/{mei}/hours", json={"windows": windows})
    read = admin.get(f"/v1/doctors/{mei}/hours")
    assert read.json() == {"windows": windows[::-1]}
    assert answer.json()["windows"] == windows[::-1]
    assert answer.headers["etag"] == read.headers["etag"] == '"2"'


def test_other_hours_orphan_what_is_booked(admin: TestClient, database: Database, mei: str) -> None:
    """A dry run lists what the edit then orphans, and changes nothing; what is booked stays."""
    book(admin, TEN)
    lost = [book(admin, TWO), book(admin, TWO, DAY + timedelta(days=1))]
    book(admin, TWO, doctor_name=RAJESH)
    before = contents(database)
    dry = _put(admin, mei, MORNING, "?dry_run=true")
    assert contents(database) == before
    real = _put(admin, mei, MORNING)
    assert [it["id"] for it in real["effects"]["orphaned"]] == lost == orphans(admin)
    assert {it["status"] for it in real["effects"]["orphaned"]} == {"booked"}
    assert real["windows"] == dry["windows"]
    assert real["effects"] == dry["effects"] | {"dry_run": False}
    assert _put(admin, mei, MORNING)["effects"]["orphaned"] == []
    event = last_event(database, "appointment.orphaned")
    assert (str(event.doctor_id), str(event.appointment_id)) == (mei, lost[1])
    assert event.actor.startswith("key:")


def test_hours_that_come_back_restore(admin: TestClient, database: Database, mei: str) -> None:
    """What is in the hours again has lost its mark, and the log knows it."""
    appointment_id = book(admin, TWO)
    week = admin.get(f"/v1/doctors/{mei}/hours").json()
    _put(admin, mei, MORNING)
    before = contents(database)
    dry = _put(admin, mei, week, "?dry_run")["effects"]
    assert contents(database) == before
    real = _put(admin, mei, week)["effects"]
    assert [it["id"] for it in real["restored"]] == [appointment_id]
    assert (real, orphans(admin)) == (dry | {"dry_run": False}, [])
    event = last_event(database, "appointment.restored")
    assert str(event.appointment_id) == appointment_id


def test_other_slots_orphan_nothing(admin: TestClient, mei: str) -> None:
    """An appointment that lies in the hours keeps its time, however long the slots now are."""
    book(admin, TEN)
    assert _put(admin, mei, every_day(window("09:00", "12:00", 20)))["effects"]["orphaned"] == []
    two = every_day(window("09:00", "10:15", 15), window("10:15", "12:00", 15))
    assert _put(admin, mei, two)["effects"]["orphaned"] == []
    free = labels(admin, mei)
    assert {"9:45 AM - 10:00 AM", "10:30 AM - 10:45 AM"} <= set(free)
    assert {"10:00 AM - 10:15 AM", "10:15 AM - 10:30 AM"}.isdisjoint(free)


def test_a_week_may_be_empty(admin: TestClient, mei: str) -> None:
    """A doctor without hours offers nothing, and the day says that it is closed."""
    assert _put(admin, mei, {"windows": []})["windows"] == []
    assert day_of(admin, mei)["reason"] == "closed"
    assert try_to_book(admin).json()["code"] == "slot-not-offered"


def test_every_other_week(admin: TestClient, mei: str) -> None:
    """A window that rotates is there in the week of its beginning, and not in the next."""
    rotating = window("09:00", "10:00", 60, every_weeks=2, valid_from=DAY.isoformat())
    _put(admin, mei, _only(DAY, rotating))
    weeks = [labels(admin, mei, DAY + timedelta(weeks=n)) != [] for n in range(-2, 5)]
    assert weeks == [False, False, True, False, True, False, True]
    assert labels(admin, mei, DAY + timedelta(days=1)) == []
    book(admin, "9:00 AM - 10:00 AM")
    missed = try_to_book(admin, "9:00 AM - 10:00 AM", DAY + timedelta(weeks=1))
    assert missed.json()["code"] == "slot-not-offered"


def test_hours_are_valid_for_a_time(admin: TestClient, mei: str) -> None:
    """Both ends of a validity belong to it, and hours may follow each other."""
    later = (DAY + timedelta(weeks=1)).isoformat()
    first = window("09:00", "10:00", 60, valid_from=DAY.isoformat(), valid_until=DAY.isoformat())
    second = window("09:30", "10:00", 30, valid_from=later, valid_until=later)
    _put(admin, mei, _only(DAY, first, second))
    found = [labels(admin, mei, DAY + timedelta(weeks=n)) for n in (-1, 0, 1, 2)]
    assert found == [[], ["9:00 AM - 10:00 AM"], ["9:30 AM - 10:00 AM"], []]


def test_a_night_belongs_to_two_dates(admin: TestClient, mei: str) -> None:
    """Slots after midnight have the next date; the classic clients get what a label can say."""
    _put(admin, mei, _only(DAY, window("22:30", "01:30", 60)))
    after = DAY + timedelta(days=1)
    assert labels(admin, mei) == ["10:30 PM - 11:30 PM", "11:30 PM - 12:30 AM"]
    assert labels(admin, mei, after) == ["12:30 AM - 1:30 AM"]
    asked = {"doctor_name": "Dr. Mei Chen", "date": DAY.isoformat()}
    found = admin.get("/available_slots", params=asked).json()
    assert found == {"available_slots": ["10:30 PM - 11:30 PM"]}
    ids = [book(admin, "10:30 PM - 11:30 PM"), book(admin, "12:30 AM - 1:30 AM", after)]
    assert try_to_book(admin, "11:30 PM - 12:30 AM").status_code == 422
    assert labels(admin, mei, after) == []
    assert day_of(admin, mei, after)["reason"] == "full"
    assert _put(admin, mei, _only(DAY, window("22:30", "01:30", 30)))["effects"]["orphaned"] == []
    shorter = _put(admin, mei, _only(DAY, window("22:30", "01:00")))["effects"]["orphaned"]
    assert [it["id"] for it in shorter] == ids[1:]


@pytest.mark.parametrize(
    "windows",
    [
        [window("09:00", "12:00"), window("11:59", "13:00")],
        [window("09:00", "12:00"), window("09:00", "12:00")],
        [window("22:00", "06:00"), window("23:00", "23:30")],
        [window("09:00", "12:00", every_weeks=2)],
        [window("09:00", "09:20")],
        [window("09:00", "12:00", valid_from="2099-02-02", valid_until="2099-02-01")],
    ],
)
def test_hours_that_make_no_sense_are_refused(
    admin: TestClient, database: Database, mei: str, windows: list[dict[str, Any]]
) -> None:
    """Windows that share a minute, hold no slot or count from nowhere get 422."""
    before = contents(database)
    answer = admin.put(f"/v1/doctors/{mei}/hours", json=_only(DAY, *windows))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert contents(database) == before


@pytest.mark.parametrize(("morning", "status"), [("05:59", 422), ("06:00", 200)])
def test_a_night_meets_the_next_morning(
    admin: TestClient, mei: str, morning: str, status: int
) -> None:
    """Sunday's night may end where Monday's hours begin, and not later."""
    night = window("22:00", "06:00", weekday="sun")
    week = {"windows": [night, window(morning, "12:00", weekday="mon")]}
    assert admin.put(f"/v1/doctors/{mei}/hours", json=week).status_code == status


def test_the_default_week_is_for_those_who_come(
    admin: TestClient, database: Database, mei: str
) -> None:
    """New doctors start with the clinic's week, and so do lookups; who is here keeps theirs."""
    version = admin.get("/v1/clinic/hours").headers["etag"]
    headers = {"If-Match": version}
    answer = admin.put("/v1/clinic/hours", json=MORNING, headers=headers)
    assert answer.status_code == 200
    read = admin.get("/v1/clinic/hours")
    assert (read.json(), read.headers["etag"]) == (answer.json(), answer.headers["etag"])
    assert admin.put("/v1/clinic/hours", json=MORNING, headers=headers).status_code == 412
    asked = {"doctor_name": "Dr. New", "date": DAY.isoformat()}
    assert len(admin.get("/available_slots", params=asked).json()["available_slots"]) == 6
    made = admin.post("/v1/doctors", json={"name": "Dr. New"}).json()["id"]
    assert (len(labels(admin, made)), len(labels(admin, mei))) == (6, 8)
    event = last_event(database, "clinic.edited")
    assert (event.actor[:4], event.data["what"]) == ("key:", "default hours")
    assert event.data["before"]["windows"] != event.data["after"]["windows"]


@pytest.mark.parametrize("role", [RECEPTION, DOCTOR])
def test_who_may_set_hours(client: TestClient, database: Database, mei: str, role: Role) -> None:
    """Reception sets everybody's hours, a doctor their own; the default week is an admin's."""
    rajesh = find(client, RAJESH)
    client.headers.update(bearer(make_key(database, role).text))
    _put(client, mei, MORNING)
    others = [
        client.get(f"/v1/doctors/{rajesh}/hours"),
        client.put(f"/v1/doctors/{rajesh}/hours", json=MORNING),
        client.put(f"/v1/doctors/{rajesh}/overrides/{DAY}", json={"windows": []}),
        client.delete(f"/v1/doctors/{rajesh}/overrides/{DAY}"),
        client.get(f"/v1/doctors/{rajesh}/overrides"),
    ]
    assert {it.status_code for it in others} == {403 if role is DOCTOR else 200}
    assert client.put("/v1/clinic/hours", json=MORNING).status_code == 403
    assert client.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": []}).is_success
    assert len(walk(client, f"/v1/doctors/{mei}/overrides")) == 1

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import DOCTOR, RECEPTION, Role
from calendula.database import Database
from calendula.events.models import Event
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
    orphans,
    try_to_book,
    walk,
)

REASON = "Zanzibar: a conference"
KOLKATA = ZoneInfo("Asia/Kolkata")


def _at(clock_time: str, days: int = 0) -> str:
    """Return a wall time in Kolkata as an instant."""
    day = DAY + timedelta(days=days)
    return datetime.combine(day, time.fromisoformat(clock_time), KOLKATA).isoformat()


def _off(start: str = "00:00", end: str = "23:59", **other: Any) -> dict[str, Any]:
    return {"start": _at(start), "end": _at(end), "reason": REASON, **other}


def _add(admin: TestClient, doctor: str | None, new: dict[str, Any], query: str = "") -> Any:
    """Give a doctor, or without one the clinic, time off; return the answer."""
    whose = f"/doctors/{doctor}" if doctor else ""
    answer = admin.post(f"/v1{whose}/time-off{query}", json=new)
    assert answer.is_success, answer.text
    return answer


def test_time_off_takes_slots_away(admin: TestClient, mei: str) -> None:
    """What shares a minute with time off is not offered and not booked; others' slots are."""
    answer = _add(admin, mei, _off("09:45", "10:30"))
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/doctors/{mei}/time-off/{made['id']}"
    assert labels(admin, mei)[:2] == ["9:00 AM - 9:30 AM", "10:30 AM - 11:00 AM"]
    assert try_to_book(admin).json()["code"] == "slot-not-offered"
    book(admin, "10:30 AM - 11:00 AM")
    assert len(labels(admin, find(admin, RAJESH))) == 8
    _add(admin, mei, _off("00:00", "23:59"))
    assert day_of(admin, mei)["reason"] == "time_off"
    asked = {"doctor_name": "Dr. Mei Chen", "date": DAY.isoformat()}
    looked_up = admin.get("/available_slots", params=asked).json()
    assert looked_up == {"available_slots": [], "reason": "time_off"}
    assert admin.get(f"/v1/doctors/{mei}").headers["etag"] == '"3"'


def test_instants_are_shown_in_utc(admin: TestClient, mei: str) -> None:
    """Whatever offset an instant came with, it is the same instant that is listed."""
    made = _add(admin, mei, _off()).json()
    assert made.pop("effects") == {"dry_run": False, "orphaned": [], "restored": []}
    assert admin.get(f"/v1/doctors/{mei}/time-off").json()["items"] == [made]
    assert made == {
        "id": made["id"],
        "doctor_id": mei,
        "start": datetime.fromisoformat(_at("00:00")).astimezone(UTC).strftime("%FT%TZ"),
        "end": datetime.fromisoformat(_at("23:59")).astimezone(UTC).strftime("%FT%TZ"),
        "reason": REASON,
    }


def test_time_off_orphans_what_is_booked(admin: TestClient, database: Database, mei: str) -> None:
    """A dry run lists what is then orphaned; only what shares an instant with it is."""
    lost = book(admin)
    book(admin, "9:30 AM - 10:00 AM")
    book(admin, "10:30 AM - 11:00 AM")
    book(admin, doctor_name=RAJESH)
    before = contents(database)
    dry = _add(admin, mei, _off("10:00", "10:30"), "?dry_run=true")
    assert (dry.status_code, "location" in dry.headers) == (200, False)
    assert contents(database) == before
    real = _add(admin, mei, _off("10:00", "10:30")).json()
    assert [it["id"] for it in real["effects"]["orphaned"]] == [lost] == orphans(admin)
    assert real["effects"]["orphaned"][0]["status"] == "booked"
    assert real["effects"] == dry.json()["effects"] | {"dry_run": False}


def test_an_edit_tells_of_its_own_effects(admin: TestClient, mei: str) -> None:
    """What an earlier edit orphaned is not listed again, nor is it taken back by a later one."""
    ids = [book(admin, TEN), book(admin, TWO)]
    _add(admin, mei, _off("14:00", "14:01"))
    second = _add(admin, mei, _off("08:00", "16:00"))
    assert [it["id"] for it in second.json()["effects"]["orphaned"]] == ids[:1]
    back = admin.delete(second.headers["location"]).json()
    assert ([it["id"] for it in back["restored"]], orphans(admin)) == (ids[:1], ids[1:])


def test_time_off_is_taken_back(admin: TestClient, database: Database, mei: str) -> None:
    """With the time off gone, slots are offered and appointments have their time again."""
    appointment_id, before = book(admin), labels(admin, mei)
    where = _add(admin, mei, _off()).headers["location"]
    held = contents(database)
    dry = admin.delete(f"{where}?dry_run")
    assert contents(database) == held
    real = admin.delete(where)
    assert (real.status_code, real.json()) == (200, dry.json() | {"dry_run": False})
    assert [it["id"] for it in real.json()["restored"]] == [appointment_id]
    assert (labels(admin, mei), orphans(admin)) == (before, [])
    assert admin.delete(where).status_code == 404


def test_the_clinics_time_off_is_everybodys(
    admin: TestClient, database: Database, mei: str
) -> None:
    """All doctors have it, those who come later too, and each of their appointments is listed."""
    ids = {book(admin, doctor_name=it) for it in ("Dr. Mei Chen", RAJESH)}
    before = contents(database)
    dry = _add(admin, None, _off(), "?dry_run").json()
    assert contents(database) == before
    answer = _add(admin, None, _off())
    made = answer.json()
    assert (answer.status_code, made["doctor_id"]) == (201, None)
    assert answer.headers["location"] == f"/v1/time-off/{made['id']}"
    assert {it["id"] for it in made["effects"]["orphaned"]} == ids == set(orphans(admin))
    assert made["effects"] == dry["effects"] | {"dry_run": False}
    newcomer = admin.post("/v1/doctors", json={"name": "Dr. New"}).json()["id"]
    for doctor in mei, find(admin, RAJESH), newcomer:
        assert day_of(admin, doctor)["reason"] == "time_off"
    asked = {"doctor_name": "Dr. Nobody", "date": DAY.isoformat()}
    assert admin.get("/available_slots", params=asked).json()["reason"] == "time_off"
    event = last_event(database, "timetable.edited")
    assert (event.doctor_id, event.data["orphaned"]) == (None, 2)
    back = admin.delete(answer.headers["location"]).json()
    assert ({it["id"] for it in back["restored"]}, orphans(admin)) == (ids, [])


def test_the_list_comes_in_pages(admin: TestClient, mei: str) -> None:
    """A doctor's list has theirs and the clinic's, each once, in time order; the clinic's its own.

    Two that begin at the same instant come one after the other.
    """
    own = [_add(admin, mei, _off(it)).json()["id"] for it in ("15:00", "09:00", "09:00")]
    all_ = [_add(admin, None, _off(it)).json()["id"] for it in ("12:00", "09:00")]
    _add(admin, find(admin, RAJESH), _off())
    for limit in "1", "2", "5":
        theirs = walk(admin, f"/v1/doctors/{mei}/time-off", limit=limit)
        assert [it["id"] for it in theirs] == [own[1], own[2], all_[1], all_[0], own[0]]
        clinics = walk(admin, "/v1/time-off", limit=limit)
        assert [it["id"] for it in clinics] == all_[::-1]


def test_time_off_of_another_is_not_found(admin: TestClient, database: Database, mei: str) -> None:
    """Time off is taken back where it was given, and nowhere else, whatever the id looks like."""
    own = _add(admin, mei, _off()).json()["id"]
    clinics = _add(admin, None, _off()).json()["id"]
    before = contents(database)
    rajesh = find(admin, RAJESH)
    wrong = [
        *(f"/v1/doctors/{rajesh}/time-off/{own}", f"/v1/doctors/{mei}/time-off/{clinics}"),
        *(f"/v1/time-off/{own}", f"/v1/time-off/{uuid4()}"),
        f"/v1/doctors/{mei}/time-off/{uuid4()}",
    ]
    answers = {admin.delete(path).content for path in wrong}
    assert [b"unknown-time-off" in it for it in answers] == [True]
    assert admin.delete(f"/v1/time-off/{'x' * 500}").status_code == 404
    assert contents(database) == before


@pytest.mark.parametrize(
    "change",
    [
        {"end": _at("00:00")},
        {"end": _at("23:59", -1)},
        {"start": f"{DAY}T09:00:00"},
        {"start": str(DAY)},
        {"end": "2027-02-30T09:00:00Z"},
        {"start": None},
        {"reason": " "},
        {"reason": "x\u202e"},
        {"doctor_id": str(UUID(int=1))},
    ],
    ids=str,
)
def test_time_off_that_makes_no_sense_is_refused(
    admin: TestClient, database: Database, mei: str, change: dict[str, str]
) -> None:
    """Time off ends after it starts, and both are instants; else it is 422 and nothing is kept."""
    before = contents(database)
    for path in "/v1/time-off", f"/v1/doctors/{mei}/time-off":
        assert admin.post(path, json=_off() | change).status_code == 422
    assert contents(database) == before


def test_time_off_may_last_for_ever(admin: TestClient, database: Database, mei: str) -> None:
    """From the first instant that there is to the last one, and all is listed and asked as ever."""
    appointment_id = book(admin)
    whole = {"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59.999999Z"}
    made = _add(admin, mei, whole).json()
    assert [it["id"] for it in made["effects"]["orphaned"]] == [appointment_id]
    (listed,) = walk(admin, f"/v1/doctors/{mei}/time-off", limit="1")
    assert (listed["start"], listed["end"], listed["reason"]) == (*whole.values(), None)
    assert admin.get(f"/v1/doctors/{mei}/slots/next").json()["slots"] == []
    assert admin.delete(f"/v1/doctors/{mei}/time-off/{made['id']}").json()["restored"]


def test_a_reason_is_the_staffs(admin: TestClient, database: Database, mei: str) -> None:
    """No event holds why somebody is away, nor a patient's name, and the public cannot read it."""
    book(admin)
    where = [_add(admin, it, _off()).headers["location"] for it in (mei, None)]
    for it in where:
        admin.delete(it)
    written = str(contents(database)[Event.__tablename__])
    assert "timetable.edited" in written
    assert "Zanzibar" not in written
    assert "Asha" not in written
    _add(admin, mei, _off())
    del admin.headers["authorization"]
    for path in "/v1/time-off", f"/v1/doctors/{mei}/time-off":
        assert admin.get(path).status_code == 401
    assert "Zanzibar" not in admin.get(f"/v1/doctors/{mei}/slots?from={DAY}").text


@pytest.mark.parametrize("role", [RECEPTION, DOCTOR])
def test_who_may_give_time_off(
    client: TestClient, database: Database, mei: str, role: Role
) -> None:
    """Reception gives time off to all and each, a doctor to themselves; both see the clinic's."""
    rajesh = find(client, RAJESH)
    client.headers.update(bearer(make_key(database, role).text))
    where = _add(client, mei, _off()).headers["location"]
    assert client.delete(where).status_code == 200
    assert client.get("/v1/time-off").status_code == 200
    others = f"/v1/doctors/{rajesh}/time-off"
    may_not = role is DOCTOR
    assert client.get(others).status_code == (403 if may_not else 200)
    for path in others, "/v1/time-off":
        assert client.post(path, json=_off()).status_code == (403 if may_not else 201)
        assert client.delete(f"{path}/{uuid4()}").status_code == (403 if may_not else 404)

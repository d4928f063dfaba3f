"""Doctors who see no patients any more, and those who move to another zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from calendula.database import Database
from support.clinic import (
    DAY,
    MEI,
    RAJESH,
    TEN,
    book,
    contents,
    day_of,
    find,
    labels,
    last_event,
    orphans,
    try_to_book,
)


def _looked_up(client: TestClient, name: str = MEI) -> dict[str, object]:
    asked = {"doctor_name": name, "date": DAY.isoformat()}
    found: dict[str, object] = client.get("/available_slots", params=asked).json()
    return found


def test_who_has_appointments_ahead_cannot_just_go(
    admin: TestClient, database: Database, mei: str
) -> None:
    """A doctor with appointments ahead stays, and the answer lists them in time order."""
    later, soon = book(admin, day=DAY + timedelta(days=1)), book(admin)
    book(admin, doctor_name=RAJESH)
    before = contents(database)
    answer = admin.post(f"/v1/doctors/{mei}/deactivate")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "doctor-has-appointments")
    assert [it["id"] for it in problem["appointments"]] == [soon, later]
    assert contents(database) == before


def test_a_doctor_can_be_forced_out(admin: TestClient, database: Database, mei: str) -> None:
    """With force the appointments stay, as orphaned, and nothing of the doctor is offered."""
    ids = [book(admin), book(admin, day=DAY + timedelta(days=1))]
    answer = admin.post(f"/v1/doctors/{mei}/deactivate?force=true")
    body = answer.json()
    assert (answer.status_code, answer.headers["etag"], body["active"]) == (200, '"2"', False)
    assert [it["id"] for it in body["effects"]["orphaned"]] == ids == orphans(admin)
    assert {it["status"] for it in body["effects"]["orphaned"]} == {"booked"}
    assert all(it["orphaned"] for it in body["effects"]["orphaned"])
    event = last_event(database, "timetable.edited")
    before, after = event.data.pop("before"), event.data.pop("after")
    assert event.data == {"what": "deactivated", "orphaned": 2, "restored": 0}
    assert before == {**after, "active": True}


def test_who_is_gone_offers_nothing(admin: TestClient, closed_client: TestClient, mei: str) -> None:
    """A doctor who is gone has no free slot, no next one, and cannot be booked, by old or new."""
    admin.post(f"/v1/doctors/{mei}/deactivate")
    assert day_of(admin, mei) == {"date": DAY.isoformat(), "slots": [], "reason": "closed"}
    assert admin.get(f"/v1/doctors/{mei}/slots/next").json()["slots"] == []
    assert _looked_up(admin) == {"available_slots": [], "reason": "closed"}
    answer = try_to_book(admin)
    assert (answer.status_code, answer.json()["code"]) == (409, "slot-not-offered")
    assert closed_client.get(f"/v1/doctors/{mei}/slots").status_code == 404
    for unknown in _looked_up(closed_client), try_to_book(closed_client).json():
        assert unknown["code"] == "unknown-doctor"
    nearest = try_to_book(closed_client, doctor_name="Dr. Mei Cheng").json()["nearest_doctors"]
    assert MEI not in nearest


def test_who_comes_back_has_their_appointments(admin: TestClient, mei: str) -> None:
    """An activated doctor has the hours that they had, and what was booked has its time again."""
    appointment_id, before = book(admin), labels(admin, mei)
    admin.post(f"/v1/doctors/{mei}/deactivate?force")
    effects = admin.post(f"/v1/doctors/{mei}/activate").json()["effects"]
    assert [(it["id"], it["orphaned"]) for it in effects["restored"]] == [(appointment_id, False)]
    assert (effects["orphaned"], orphans(admin)) == ([], [])
    assert labels(admin, mei) == before
    assert TEN not in before


def test_what_is_over_keeps_nobody(admin: TestClient, mei: str) -> None:
    """Appointments that have ended stand against nothing, and are not orphaned."""
    book(admin, day=date(2025, 2, 7))
    answer = admin.post(f"/v1/doctors/{mei}/deactivate")
    assert (answer.status_code, answer.json()["effects"]["orphaned"]) == (200, [])
    assert orphans(admin) == []


def test_what_goes_on_keeps_a_doctor(
    admin: TestClient, mei: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An appointment that is under way is ahead until it ends."""
    book(admin)
    start = admin.get("/v1/appointments").json()["items"][0]["start"]
    begun = clock.now().fromisoformat(start)
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(minutes=29))
    assert admin.post(f"/v1/doctors/{mei}/deactivate").status_code == 409
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(minutes=30))
    assert admin.post(f"/v1/doctors/{mei}/deactivate").status_code == 200


def test_a_dry_run_lets_nobody_go(admin: TestClient, database: Database, mei: str) -> None:
    """A dry run needs no force, shows what would be orphaned, and changes nothing at all."""
    appointment_id, before = book(admin), contents(database)
    answer = admin.post(f"/v1/doctors/{mei}/deactivate?dry_run=true")
    effects = answer.json()["effects"]
    assert (answer.status_code, effects["dry_run"]) == (200, True)
    assert "etag" not in answer.headers
    assert [(it["id"], it["orphaned"]) for it in effects["orphaned"]] == [(appointment_id, True)]
    assert admin.post(f"/v1/doctors/{mei}/activate?dry_run").status_code == 200
    changed = {"name": "Dr. X", "specialty": None, "time_zone": "UTC", "holidays": "IN"}
    shown = admin.patch(f"/v1/doctors/{mei}?dry_run", json=changed).json()
    assert [it["id"] for it in shown.pop("effects")["orphaned"]] == [appointment_id]
    assert shown == {**changed, "id": mei, "active": True}
    assert contents(database) == before


@pytest.mark.parametrize("flag", ["1", "yes", "True", "TRUE", "no", "x"])
def test_a_flag_that_is_unclear_is_refused(
    admin: TestClient, database: Database, mei: str, flag: str
) -> None:
    """What is neither true nor false, or both, gets 422 and changes nothing."""
    before = contents(database)
    assert admin.post(f"/v1/doctors/{mei}/deactivate?dry_run={flag}").status_code == 422
    assert contents(database) == before


def test_another_zone_moves_the_hours(admin: TestClient, mei: str) -> None:
    """In another zone the same wall times are other instants, and lose what was booked before."""
    appointment_id = book(admin)
    answer = admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Europe/London"}).json()
    assert [it["id"] for it in answer["effects"]["orphaned"]] == [appointment_id]
    first = datetime.fromisoformat(day_of(admin, mei)["slots"][0]["start"])
    assert first == datetime.combine(DAY, time(9), ZoneInfo("Europe/London"))
    back = admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Asia/Kolkata"}).json()
    assert [it["id"] for it in back["effects"]["restored"]] == [appointment_id]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_end_of_the_calendar_stops_no_edit(admin: TestClient, zone: str) -> None:
    """An appointment on the last day that there is can be in a zone where it is none."""
    added = admin.post("/v1/doctors", json={"name": "Dr. Last", "time_zone": "UTC"}).json()
    last, first = (book(admin, day=it, doctor_name="Dr. Last") for it in (date.max, date.min))
    answer = admin.patch(f"/v1/doctors/{added['id']}", json={"time_zone": zone})
    assert answer.status_code == 200
    assert [it["id"] for it in answer.json()["effects"]["orphaned"]] == [last]
    assert first not in orphans(admin)


def test_a_name_that_is_taken_by_a_newcomer(admin: TestClient) -> None:
    """A doctor whom a booking of the open clinic made is one like all others."""
    book(admin, doctor_name="Dr. New")
    assert admin.post("/v1/doctors", json={"name": "dr. new"}).status_code == 409
    assert admin.get(f"/v1/doctors/{find(admin, 'new')}").json()["active"] is True

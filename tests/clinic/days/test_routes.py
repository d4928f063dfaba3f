"""A doctor's date, as the desk sees it: hours, time off, who comes, and what is free."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from calendula.access.roles import DOCTOR, RECEPTION
from calendula.appointments.models import Appointment
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
    every_day,
    find,
    try_to_book,
    window,
)

NEXT = DAY + timedelta(days=1)


def _see(client: TestClient, doctor: str, day: date | None = DAY) -> Any:
    params = {"date": str(day)} if day else {}
    answer = client.get(f"/v1/doctors/{doctor}/day", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_empty_day(admin: TestClient, mei: str) -> None:
    """A date on which nobody comes has its hours, and all of it is free."""
    seen = _see(admin, mei)
    assert seen == {
        "doctor_id": mei,
        "date": str(DAY),
        "time_zone": "Asia/Kolkata",
        "windows": [window("09:00", "12:00"), window("14:00", "15:00")],
        "holiday": None,
        "time_off": [],
        "appointments": [],
        "holds": [],
        "free": day_of(admin, mei)["slots"],
        "reason": None,
    }
    assert len(seen["free"]) == 8


def test_who_comes(admin: TestClient, mei: str) -> None:
    """All appointments of the date are there in time order, whatever became of them."""
    late, early, cancelled = book(admin, TWO), book(admin, TEN), book(admin, "9:00 AM - 9:30 AM")
    book(admin, TEN, NEXT)
    book(admin, TEN, doctor_name=RAJESH)
    assert admin.post(f"/v1/appointments/{cancelled}/cancel", json={}).is_success
    assert admin.post(f"/v1/appointments/{early}/arrive").is_success
    seen = _see(admin, mei)
    found = [(it["id"], it["status"]) for it in seen["appointments"]]
    assert found == [(cancelled, "cancelled"), (early, "arrived"), (late, "booked")]
    only = {"from": str(DAY), "to": str(DAY), "doctor": mei}
    assert seen["appointments"] == admin.get("/v1/appointments", params=only).json()["items"]
    assert seen["appointments"][0]["patient"]["name"] == "Asha Verma"
    assert seen["free"] == day_of(admin, mei)["slots"]
    assert len(seen["free"]) == 6


def test_whose_data_is_shown_is_written_down(
    admin: TestClient, database: Database, mei: str
) -> None:
    """Each appointment that is shown has an event of who saw it."""
    ids = [book(admin, TEN), book(admin, TWO)]
    _see(admin, mei)
    query = select(Event.appointment_id, Event.actor).where(Event.action == "patient.read")
    with database.read() as session:
        rows = session.execute(query).all()
    assert {str(about) for about, _ in rows} == set(ids)
    assert all(actor.startswith("key:") for _, actor in rows)


def test_holds_are_shown_without_their_holder(
    admin: TestClient, database: Database, mei: str
) -> None:
    """A hold that lasts is there with its end and is not free; one that has expired is not."""
    for label in "09:00", "10:00":
        start = f"{DAY}T{label}:00+05:30"
        answer = admin.post("/v1/holds", json={"doctor_id": mei, "start": start})
        assert answer.status_code == 201, answer.text
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    first = datetime.combine(DAY, time(9), ZoneInfo("Asia/Kolkata"))
    expiring = update(Appointment).where(Appointment.starts_at == first)
    with database.write() as session:
        session.execute(expiring.values(expires_at=long_ago))
    seen = _see(admin, mei)
    (hold,) = seen["holds"]
    assert set(hold) == {"start", "end", "expires_at"}
    assert (hold["start"], hold["end"]) == (f"{DAY}T04:30:00Z", f"{DAY}T05:00:00Z")
    ends = [datetime.fromisoformat(it["expires_at"]) for it in (hold, answer.json())]
    assert ends[0] == ends[1]
    assert (seen["appointments"], len(seen["free"])) == ([], 7)


def test_time_off_is_shown(admin: TestClient, mei: str) -> None:
    """The doctor's and the clinic's that reach into the date are there, and no others."""
    own = {"start": f"{DAY}T08:30:00Z", "end": f"{DAY}T09:30:00Z", "reason": "the dentist"}
    common = {"start": f"{DAY}T03:30:00Z", "end": f"{DAY}T04:30:00Z"}
    tomorrow = {"start": f"{DAY}T18:30:00Z", "end": f"{NEXT}T18:30:00Z"}
    for path in f"/v1/doctors/{mei}/time-off", f"/v1/doctors/{find(admin, RAJESH)}/time-off":
        for off in own, tomorrow:
            assert admin.post(path, json=off).status_code == 201
    assert admin.post("/v1/time-off", json=common).status_code == 201
    seen = _see(admin, mei)
    shown = [(it["doctor_id"], it["start"], it["reason"]) for it in seen["time_off"]]
    assert shown == [(None, common["start"], None), (mei, own["start"], "the dentist")]
    assert len(seen["free"]) == 4


def test_a_holiday_is_named(admin: TestClient, mei: str) -> None:
    """A holiday that takes the hours is there by its name, unless the date has other hours."""
    assert admin.put("/v1/clinic", json={"holidays": "IN", "policy": {}}).is_success
    day = date(DAY.year + 1, 1, 26)
    seen = _see(admin, mei, day)
    assert (seen["holiday"], seen["windows"], seen["reason"]) == ("Republic Day", [], "holiday")
    path = f"/v1/doctors/{mei}/overrides/{day}"
    late = window("22:00", "24:00", 60)
    assert admin.put(path, json={"windows": [late, window("07:00", "08:00")]}).is_success
    seen = _see(admin, mei, day)
    assert (seen["holiday"], seen["reason"]) == (None, None)
    assert seen["windows"] == [window("07:00", "08:00"), window("22:00", "00:00", 60)]


def test_a_night_belongs_to_its_evening(admin: TestClient, mei: str) -> None:
    """The hours of the evening are shown as they are; what is free after midnight is the next's."""
    nights = every_day(window("22:00", "02:00", 60))
    assert admin.put(f"/v1/doctors/{mei}/hours", json=nights).is_success
    appointment_id = book(admin, "1:00 AM - 2:00 AM", NEXT)
    seen = _see(admin, mei, NEXT)
    assert seen["windows"] == [window("22:00", "02:00", 60)]
    assert [it["id"] for it in seen["appointments"]] == [appointment_id]
    assert [it["label"][:8] for it in seen["free"]] == ["12:00 AM", "10:00 PM", "11:00 PM"]
    assert _see(admin, mei)["appointments"] == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_the_doctors(admin: TestClient, mei: str, zone: str) -> None:
    """Without a date it is today's, where the doctor is, with that zone's offsets."""
    assert admin.patch(f"/v1/doctors/{mei}", json={"time_zone": zone}).is_success
    seen = _see(admin, mei, None)
    assert (seen["time_zone"], seen["date"]) == (zone, str(datetime.now(ZoneInfo(zone)).date()))
    offset = {"Pacific/Kiritimati": "+14:00", "Pacific/Pago_Pago": "-11:00"}[zone]
    assert {it["start"][-6:] for it in seen["free"]} == {offset}


def test_a_closed_clinic_offers_no_past(
    admin: TestClient, closed_client: TestClient, mei: str
) -> None:
    """What has gone by is free in an open clinic alone; a closed one says why not."""
    yesterday = datetime.now(UTC).date() - timedelta(days=2)
    assert len(_see(admin, mei, yesterday)["free"]) == 8
    closed_client.headers.update(admin.headers)
    seen = _see(closed_client, mei, yesterday)
    assert (seen["free"], seen["reason"]) == ([], "past")


def test_who_may_see(client: TestClient, database: Database, mei: str) -> None:
    """The desk may, and a doctor for themselves; another doctor's day is 403."""
    rajesh, path = find(client, RAJESH), "/v1/doctors/{}/day"
    doctor = bearer(make_key(database, DOCTOR).text)
    desk = bearer(make_key(database, RECEPTION).text)
    token = bearer(try_to_book(client).json()["manage_token"])
    for headers, whose, status in (
        ({}, mei, 401),
        (token, mei, 403),
        (doctor, mei, 200),
        (doctor, rajesh, 403),
        (desk, rajesh, 200),
    ):
        assert client.get(path.format(whose), headers=headers).status_code == status


@pytest.mark.parametrize(
    "query",
    ["date=2027-02-30", "date=", "date=today", "date=2027-02-26&date=2027-02-27", "day=2027-02-26"],
)
def test_what_is_not_acceptable(
    admin: TestClient, database: Database, mei: str, query: str
) -> None:
    """What is no date, comes twice or is not known is 422, and nothing is written."""
    before = contents(database)
    assert admin.get(f"/v1/doctors/{mei}/day?{query}").status_code == 422
    assert contents(database) == before


@pytest.mark.parametrize("day", [date.min, date.max], ids=str)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_the_calendar(admin: TestClient, mei: str, day: date, zone: str) -> None:
    """The first and the last date there are can be seen."""
    assert admin.patch(f"/v1/doctors/{mei}", json={"time_zone": zone}).is_success
    assert _see(admin, mei, day)["appointments"] == []


def test_nobody_is_no_doctor(admin: TestClient) -> None:
    """An id that no doctor has is 404."""
    answer = admin.get("/v1/doctors/00000000-0000-0000-0000-000000000000/day")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-doctor")


def test_a_day_is_a_day_of_the_zone_that_holds(admin: TestClient, mei: str) -> None:
    """What was booked before the doctor's zone was changed is on the date that it is on now."""
    booked = book(admin, TEN)  # in Kolkata, which is late in the evening before in New York
    admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "America/New_York"})
    eve = DAY - timedelta(days=1)
    for day, expected in (DAY, []), (eve, [booked]):
        shown = admin.get(f"/v1/doctors/{mei}/day?date={day}").json()["appointments"]
        assert [it["id"] for it in shown] == expected
    closing = {"date": str(eve), "action": "cancel"}
    outcomes = admin.post(f"/v1/doctors/{mei}/close-day", json=closing).json()["outcomes"]
    assert [(it["appointment"]["id"], it["outcome"]) for it in outcomes] == [(booked, "cancelled")]

"""A date is closed: what becomes of its appointments, its holds and its hours."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.access.roles import DOCTOR, RECEPTION
from calendula.appointments.models import Appointment
from calendula.appointments.offers import SlotRefused
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
    horizon_to,
    labels,
    last_event,
    orphans,
    try_to_book,
    window,
)

from .conftest import Close

NEXT = DAY + timedelta(days=1)
NINE, HALF_PAST_NINE = "9:00 AM - 9:30 AM", "9:30 AM - 10:00 AM"
KOLKATA = ZoneInfo("Asia/Kolkata")
COUNTS = {"cancelled": 0, "moved": 0, "kept": 0, "unplaced": 0}


def _results(closed: Any) -> list[tuple[str, str]]:
    return [(it["appointment"]["id"], it["outcome"]) for it in closed["outcomes"]]


def _proposed(closed: Any) -> list[tuple[str, str] | None]:
    return [
        it["proposal"] and (it["proposal"]["date"], it["proposal"]["label"])
        for it in closed["outcomes"]
    ]


def _read(admin: TestClient, appointment_id: str) -> Any:
    return admin.get(f"/v1/appointments/{appointment_id}").json()


def _do(admin: TestClient, action: str, *ids: str) -> None:
    for appointment_id in ids:
        answer = admin.post(f"/v1/appointments/{appointment_id}/{action}")
        assert answer.is_success, answer.text


def _actions(database: Database, appointment_id: str) -> list[str]:
    query = select(Event.appointment_id, Event.action).order_by(Event.number)
    with database.read() as session:
        rows = session.execute(query).all()
    seen = [action for about, action in rows if str(about) == appointment_id]
    return [action for action in seen if action != "patient.read"]


def test_a_date_is_cancelled(admin: TestClient, database: Database, mei: str, close: Close) -> None:
    """Each appointment is cancelled, with a slot of its own to offer, and nothing can be booked."""
    late, early = book(admin, TWO), book(admin, TEN)
    other = book(admin, doctor_name=RAJESH)
    closed = close("cancel", reason="The doctor is ill")
    assert _results(closed) == [(early, "cancelled"), (late, "cancelled")]
    assert _proposed(closed) == [(str(NEXT), NINE), (str(NEXT), HALF_PAST_NINE)]
    assert closed["outcomes"][0]["proposal"] == {
        "doctor_id": mei,
        "start": f"{NEXT}T09:00:00+05:30",
        "end": f"{NEXT}T09:30:00+05:30",
        "label": NINE,
        "date": str(NEXT),
    }
    assert (closed["dry_run"], closed["date"]) == (False, str(DAY))
    assert closed["effects"] == {"dry_run": False, "orphaned": [], "restored": []}
    assert _read(admin, other)["status"] == "booked"
    found = _read(admin, early)
    assert (found["status"], found["sequence"]) == ("cancelled", 1)
    assert found["reason"] == "The doctor is ill"
    assert closed["outcomes"][0]["appointment"].items() <= found.items()
    assert day_of(admin, mei)["reason"] == "closed"
    assert try_to_book(admin).status_code == 409
    assert len(labels(admin, mei, NEXT)) == 8, "a proposal is not reserved"


def test_it_is_written_down(admin: TestClient, database: Database, mei: str, close: Close) -> None:
    """Each change has its event, the date has one with the counts, and no reason is in any."""
    appointment_id = book(admin)
    close("cancel", reason="The doctor is ill")
    assert _actions(database, appointment_id) == ["appointment.booked", "appointment.cancelled"]
    event = last_event(database, "day.closed")
    said = {"date": str(DAY), "action": "cancel", "time_off": None}
    expected = {**said, **COUNTS, "cancelled": 1}
    assert (str(event.doctor_id), event.data) == (mei, expected)
    edit = last_event(database, "timetable.edited").data
    assert (edit["what"], edit["before"]) == ("override", None)
    assert edit["after"] == {"date": str(DAY), "windows": []}
    assert "is ill" not in str(contents(database)["event"])


def test_a_date_is_moved(
    admin: TestClient, client: TestClient, database: Database, mei: str, close: Close
) -> None:
    """Each appointment goes to the next free slot, in time order, and its token still opens it."""
    book(admin, NINE, NEXT)
    booked = try_to_book(admin, TEN).json()
    early, late = str(booked["appointment_id"]), book(admin, TWO)
    closed = close("move")
    assert _results(closed) == [(early, "moved"), (late, "moved")]
    assert _proposed(closed) == [
        (str(NEXT), HALF_PAST_NINE),
        (str(NEXT), "10:00 AM - 10:30 AM"),
    ]
    found = _read(admin, early)
    assert (found["date"], found["time_slot"], found["sequence"]) == (str(NEXT), HALF_PAST_NINE, 1)
    assert closed["outcomes"][0]["appointment"].items() <= found.items()
    assert _actions(database, early) == ["appointment.booked", "appointment.moved"]
    assert orphans(admin) == []
    own = client.get(f"/v1/appointments/{early}", headers=bearer(booked["manage_token"]))
    assert (own.status_code, own.json()["date"]) == (200, str(NEXT))


def test_a_moved_appointments_token_lasts_longer(
    admin: TestClient, mei: str, close: Close, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token of what was moved is good until some days after where it went."""
    booked = try_to_book(admin).json()
    off = {"start": f"{NEXT}T00:00:00Z", "end": f"{NEXT + timedelta(days=20)}T00:00:00Z"}
    assert admin.post(f"/v1/doctors/{mei}/time-off", json=off).is_success
    close("move")
    later = datetime.combine(DAY + timedelta(days=20), time(), UTC)
    monkeypatch.setattr("calendula.clock.now", lambda: later)
    path, token = f"/v1/appointments/{booked['appointment_id']}", booked["manage_token"]
    assert admin.get(path, headers=bearer(token)).status_code == 200


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_a_dry_run_says_what_happens_then(
    admin: TestClient, database: Database, mei: str, close: Close, action: str
) -> None:
    """It changes nothing, and tells outcomes, proposals and effects as they then are."""
    _do(admin, "arrive", book(admin, NINE))
    _do(admin, "check-in", book(admin, TEN))
    book(admin, TWO)
    before = contents(database)
    dry = close(action, query="?dry_run")
    assert contents(database) == before
    real = close(action)
    assert dry.pop("dry_run")
    assert dry["effects"].pop("dry_run")
    assert not real.pop("dry_run")
    assert not real["effects"].pop("dry_run")
    assert dry == real
    assert len(real["outcomes"]) == 3


def test_who_is_there_already(
    admin: TestClient, database: Database, mei: str, close: Close
) -> None:
    """Who has arrived is moved, who is checked in stays, and what is over is left alone."""
    arrived, checked_in, fulfilled = book(admin, NINE), book(admin, TEN), book(admin, TWO)
    _do(admin, "arrive", arrived, fulfilled)
    _do(admin, "check-in", checked_in)
    _do(admin, "fulfil", fulfilled)
    closed = close("move")
    assert _results(closed) == [(arrived, "moved"), (checked_in, "kept")]
    assert closed["outcomes"][1]["proposal"] is None
    assert _read(admin, arrived)["status"] == "booked"
    assert _actions(database, arrived)[-2:] == ["appointment.undone", "appointment.moved"]
    found = _read(admin, checked_in)
    assert (found["status"], found["orphaned"]) == ("checked-in", True)
    assert checked_in in [it["id"] for it in closed["effects"]["orphaned"]]


def test_all_who_have_not_been_seen_are_cancelled(admin: TestClient, close: Close) -> None:
    """Who has arrived or is checked in goes home too."""
    for label, action in (NINE, "arrive"), (TEN, "check-in"):
        _do(admin, action, book(admin, label))
    assert [it for _, it in _results(close("cancel"))] == ["cancelled"] * 2


def test_a_full_clinic_places_nobody(
    admin: TestClient, database: Database, mei: str, close: Close
) -> None:
    """Where nothing is free an appointment stays, has lost its time, and is counted."""
    admin.put(f"/v1/doctors/{mei}/policy", json=horizon_to(DAY))
    admin.put("/v1/clinic", json={"policy": {}})
    other = [book(admin, label, DAY - timedelta(days=1)) for label in (NINE, TEN)]
    appointment_id = book(admin)
    closed = close("move")
    assert _results(closed) == [(appointment_id, "unplaced")]
    assert _proposed(closed) == [None]
    assert [it["id"] for it in closed["effects"]["orphaned"]] == [appointment_id]
    assert orphans(admin) == [appointment_id]
    assert closed["outcomes"][0]["appointment"]["orphaned"]
    found = _read(admin, appointment_id)
    assert (found["status"], found["date"], found["sequence"]) == ("booked", str(DAY), 0)
    assert last_event(database, "day.closed").data["unplaced"] == 1
    assert [_read(admin, it)["orphaned"] for it in other] == [False, False]


def test_who_has_arrived_and_is_not_placed_has_arrived(
    admin: TestClient,
    database: Database,
    mei: str,
    close: Close,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where each slot is refused at the last moment, an arrival is not undone, nor written down."""
    admin.put(f"/v1/doctors/{mei}/policy", json=horizon_to(DAY + timedelta(days=2)))
    appointment_id = book(admin)
    _do(admin, "arrive", appointment_id)
    before = _read(admin, appointment_id)
    refused = []

    def refuse(*_: object, **__: object) -> None:
        refused.append(1)
        raise SlotRefused("It begins too soon.")

    monkeypatch.setattr("calendula.appointments.offers.find", refuse)
    closed = close("move")
    assert refused
    assert _results(closed) == [(appointment_id, "unplaced")]
    assert closed["outcomes"][0]["appointment"]["status"] == "arrived"
    found = _read(admin, appointment_id)
    assert (found["status"], found["sequence"]) == ("arrived", before["sequence"])
    assert "appointment.undone" not in _actions(database, appointment_id)


def test_one_slot_is_left(admin: TestClient, mei: str, close: Close) -> None:
    """Of two appointments, the earlier one gets the last slot, and the other none."""
    admin.put(f"/v1/doctors/{mei}/policy", json=horizon_to(DAY + timedelta(days=1)))
    path = f"/v1/doctors/{mei}/overrides/{NEXT}"
    book(admin, TWO)
    book(admin, TEN)
    for each in DAY - timedelta(days=1), NEXT:
        windows = [window("09:00", "09:30")] if each == NEXT else []
        admin.put(path.replace(str(NEXT), str(each)), json={"windows": windows})
    closed = close("cancel", query="?dry_run")
    assert _proposed(closed) == [(str(NEXT), NINE), None]
    assert [it for _, it in _results(close("move"))] == ["moved", "unplaced"]


def test_holds_are_let_go(admin: TestClient, database: Database, mei: str, close: Close) -> None:
    """The holds of the date keep nobody out any more, those of other dates do."""
    starts = [f"{day}T{hour}:00:00+05:30" for day, hour in ((DAY, "09"), (DAY, "10"), (NEXT, "09"))]
    for start in starts:
        hold = admin.post("/v1/holds", json={"doctor_id": mei, "start": start})
        assert hold.status_code == 201, hold.text
    with database.write() as session:
        first = session.scalars(select(Appointment).order_by(Appointment.starts_at)).first()
        assert first is not None
        first.expires_at = datetime(2026, 1, 1, tzinfo=UTC)
    closed = close("move")
    assert closed["outcomes"] == []
    with database.read() as session:
        query = select(Appointment.status).order_by(Appointment.starts_at)
        assert session.scalars(query).all() == ["cancelled", "cancelled", "pending"]
    assert last_event(database, "hold.expired").actor == "system"
    assert last_event(database, "hold.released").actor.startswith("key:")


def test_an_evening_before_reaches_into_the_date(
    admin: TestClient, database: Database, mei: str, close: Close
) -> None:
    """Nothing of the date is left, not the hours after midnight; those of the evening before are.

    What begins on the date in the evening and is on the next one has lost its time, and is told.
    """
    nights = every_day(window("22:00", "02:00", 60))
    assert admin.put(f"/v1/doctors/{mei}/hours", json=nights).is_success
    eve, one, night, after = (
        book(admin, label, day)
        for label, day in (
            ("11:00 PM - 12:00 AM", DAY - timedelta(days=1)),
            ("1:00 AM - 2:00 AM", DAY),
            ("10:00 PM - 11:00 PM", DAY),
            ("1:00 AM - 2:00 AM", NEXT),
        )
    )
    closed = close("move")
    assert _results(closed) == [(one, "moved"), (night, "moved")]
    assert _proposed(closed) == [
        (str(NEXT), "10:00 PM - 11:00 PM"),
        (str(NEXT), "11:00 PM - 12:00 AM"),
    ]
    assert [it["id"] for it in closed["effects"]["orphaned"]] == [after]
    assert day_of(admin, mei)["slots"] == []
    assert not _read(admin, eve)["orphaned"]
    (off,) = admin.get(f"/v1/doctors/{mei}/time-off").json()["items"]
    assert last_event(database, "day.closed").data["time_off"]["id"] == off["id"]
    assert close("move")["outcomes"] == []
    assert len(admin.get(f"/v1/doctors/{mei}/time-off").json()["items"]) == 1, "once is enough"
    assert labels(admin, mei, DAY - timedelta(days=1)) == [
        "12:00 AM - 1:00 AM",
        "1:00 AM - 2:00 AM",
        "10:00 PM - 11:00 PM",
    ]


def test_a_date_without_appointments_is_closed(admin: TestClient, mei: str, close: Close) -> None:
    """A date on which nobody comes is closed as well, and twice is the same as once."""
    for _ in range(2):
        assert close("cancel")["outcomes"] == []
        assert day_of(admin, mei)["reason"] == "closed"


def test_today_is_closed_from_now_on(
    admin: TestClient, mei: str, close: Close, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the day itself nothing is proposed that has begun, of no doctor."""
    _specialise(admin, find(admin, RAJESH), mei)
    ids = [book(admin, TEN), book(admin, TWO)]
    noon = datetime.combine(DAY, time(10, 15), KOLKATA).astimezone(UTC)
    monkeypatch.setattr("calendula.clock.now", lambda: noon)
    closed = close("move", to="specialty")
    assert _results(closed) == [(it, "moved") for it in ids]
    assert _proposed(closed) == [(str(DAY), "10:30 AM - 11:00 AM"), (str(DAY), TWO)]


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_what_is_over_today_stays(
    admin: TestClient, mei: str, close: Close, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """What has ended is as it was, whatever its state, and is not reported; what runs is."""
    over, arrived, running = book(admin, NINE), book(admin, HALF_PAST_NINE), book(admin, TEN)
    _do(admin, "arrive", arrived)
    before = [_read(admin, it) for it in (over, arrived)]
    now = datetime.combine(DAY, time(10), KOLKATA).astimezone(UTC)
    monkeypatch.setattr("calendula.clock.now", lambda: now)
    assert [it for it, _ in _results(close(action))] == [running]
    after = [_read(admin, it) for it in (over, arrived)]
    assert [(it["status"], it["start"]) for it in after] == [
        (it["status"], it["start"]) for it in before
    ]


def test_the_past_is_not_closed(admin: TestClient, mei: str, close: Close) -> None:
    """Yesterday in the doctor's zone is 422, even in an open clinic; today there is not."""
    for zone in "Pacific/Kiritimati", "Pacific/Pago_Pago":
        admin.patch(f"/v1/doctors/{mei}", json={"time_zone": zone})
        today = datetime.now(ZoneInfo(zone)).date()
        problem = close("cancel", today - timedelta(days=1), status=422)
        assert problem["detail"] == "date must not have passed."
        assert close("cancel", today)["outcomes"] == []


def test_a_stale_version_closes_nothing(
    admin: TestClient, database: Database, mei: str, close: Close
) -> None:
    """Who has not seen the last edit closes nothing; who has gets the version that it made."""
    book(admin)
    path, body = f"/v1/doctors/{mei}/close-day", {"date": str(DAY), "action": "cancel"}
    before = contents(database)
    assert admin.post(path, json=body, headers={"If-Match": '"7"'}).status_code == 412
    assert contents(database) == before
    dry = admin.post(f"{path}?dry_run", json=body, headers={"If-Match": '"1"'})
    assert (dry.status_code, "etag" in dry.headers) == (200, False)
    real = admin.post(path, json=body, headers={"If-Match": '"1"'})
    assert (real.status_code, real.headers["etag"]) == (200, '"2"')


def test_who_may_close(client: TestClient, database: Database, mei: str) -> None:
    """The desk may, and a doctor for themselves; another doctor's date is 403."""
    body = {"date": str(DAY), "action": "cancel"}
    rajesh = find(client, RAJESH)
    doctor = bearer(make_key(database, DOCTOR).text)
    desk = bearer(make_key(database, RECEPTION).text)
    for headers, whose, status in (
        ({}, mei, 401),
        (doctor, mei, 200),
        (doctor, rajesh, 403),
        (desk, rajesh, 200),
    ):
        path = f"/v1/doctors/{whose}/close-day?dry_run"
        assert client.post(path, json=body, headers=headers).status_code == status


@pytest.mark.parametrize(
    "change",
    [
        {"date": None},
        {"date": "2027-02-30"},
        {"date": f"{DAY}T00:00:00Z"},
        {"date": 20270226},
        {"date": "0001-01-01"},
        {"action": None},
        {"action": "Cancel"},
        {"action": ["cancel"]},
        {"to": "clinic"},
        {"to": None},
        {"to": 1},
        {"reason": " "},
        {"reason": "\0"},
        {"reason": "x" * 500},
        {"to": "specialty"},
        {"doctor": "x"},
    ],
    ids=ascii,
)
def test_what_is_not_acceptable(
    admin: TestClient, database: Database, mei: str, change: dict[str, Any]
) -> None:
    """A bad date, action, place or reason is 422, and nothing is changed."""
    admin.patch(f"/v1/doctors/{mei}", json={"specialty": None})
    before = contents(database)
    body = {"date": str(DAY), "action": "cancel", **change}
    answer = admin.post(f"/v1/doctors/{mei}/close-day", json=body)
    assert answer.status_code == 422, answer.text
    assert contents(database) == before


def test_the_end_of_the_calendar_can_be_closed(admin: TestClient, mei: str, close: Close) -> None:
    """The last date there is has nothing after it: what is booked then is placed nowhere."""
    last = date.max
    book(admin, day=last)
    assert [it for _, it in _results(close("move", last))] == ["unplaced"]


def test_nobody_is_no_doctor(admin: TestClient) -> None:
    """An id that no doctor has is 404."""
    path = "/v1/doctors/00000000-0000-0000-0000-000000000000/close-day"
    answer = admin.post(path, json={"date": str(DAY), "action": "cancel"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-doctor")


def _specialise(admin: TestClient, *doctors: str) -> None:
    for doctor in doctors:
        answer = admin.patch(f"/v1/doctors/{doctor}", json={"specialty": "Cardiology"})
        assert answer.is_success, answer.text

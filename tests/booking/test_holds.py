from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula import clock
from calendula.access.roles import ADMIN, INTEGRATION, RECEPTION
from calendula.app import create_app
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.events.models import Event
from calendula.settings import Settings
from support.access import bearer, make_key
from support.booking import expire, free, hold, reserve
from support.clinic import contents, last_event, try_to_book


@pytest.fixture
def start(client: TestClient, mei: str) -> str:
    """The start of Dr. Mei Chen's first free slot of a day."""
    return free(client, mei)[0]


def test_a_hold_keeps_its_slot(client: TestClient, mei: str, start: str) -> None:
    """Nobody else can book or hold it, by either endpoint; it is in no list of free slots."""
    held = hold(client, mei, start)
    assert held.status_code == 201
    assert held.headers["Location"] == f"/v1/holds/{held.json()['id']}"
    assert start not in free(client, mei)
    label, date = held.json()["time_slot"], held.json()["date"]
    for answer in (
        hold(client, mei, start),
        reserve(client, mei, start),
        try_to_book(client, label, datetime.fromisoformat(date).date()),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "slot-held")
        assert 0 < int(answer.headers["Retry-After"]) <= 600


def test_a_refusal_names_the_next_free_slots(client: TestClient, mei: str, start: str) -> None:
    """Who comes too late is told what else there is, from the wanted time on."""
    others = free(client, mei)[1:4]
    hold(client, mei, start)
    assert [it["start"] for it in reserve(client, mei, start).json()["next_slots"]] == others


def test_a_hold_is_of_the_doctors_time(admin: TestClient, mei: str, start: str) -> None:
    """It keeps the time from every kind of visit, its buffers with it."""
    visit = {"name": "Long", "duration_minutes": 45, "buffer_after_minutes": 15}
    long = admin.post("/v1/visit-types", json=visit).json()["id"]
    second, third = free(admin, mei)[1:3]
    assert hold(admin, mei, start, visit_type_id=long).status_code == 201
    assert reserve(admin, mei, second).json()["code"] == "slot-held"
    assert reserve(admin, mei, third).status_code == 201


@pytest.mark.parametrize("endpoint", ["v1", "classic", "hold"])
def test_an_expired_hold_keeps_nobody_out(
    client: TestClient, database: Database, mei: str, start: str, endpoint: str
) -> None:
    """From its expiry on the slot is free, to be seen and to be booked, without any sweep."""
    held = hold(client, mei, start).json()
    expire(database)
    assert start in free(client, mei)
    day = datetime.fromisoformat(start).date()
    answer = {
        "v1": lambda: reserve(client, mei, start),
        "classic": lambda: try_to_book(client, held["time_slot"], day),
        "hold": lambda: hold(client, mei, start),
    }[endpoint]()
    assert answer.status_code == 201
    event = last_event(database, "hold.expired")
    assert (str(event.appointment_id), event.actor) == (held["id"], "system")


def test_a_hold_is_let_go_by_its_token(client: TestClient, mei: str, start: str) -> None:
    """It frees the slot at once; twice is the same as once."""
    held = hold(client, mei, start).json()
    for _ in range(2):
        gone = client.delete(f"/v1/holds/{held['id']}", headers=bearer(held["token"]))
        assert gone.status_code == 204
    assert start in free(client, mei)


def test_nobody_else_lets_it_go(
    client: TestClient, database: Database, mei: str, start: str
) -> None:
    """Another's token finds no such hold, as for an id that there is not; the desk may."""
    held = hold(client, mei, start).json()
    other = hold(client, mei, free(client, mei)[1]).json()
    path = f"/v1/holds/{held['id']}"
    foreign = client.delete(path, headers=bearer(other["token"]))
    unknown = client.delete(f"/v1/holds/{other['doctor_id']}", headers=bearer(other["token"]))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
    assert client.delete(path).status_code == 401
    assert start not in free(client, mei)
    desk = bearer(make_key(database, RECEPTION).text)
    assert client.delete(path, headers=desk).status_code == 204
    assert start in free(client, mei)


def test_what_was_booked_is_no_hold(client: TestClient, mei: str, start: str) -> None:
    """Neither the hold's token nor the desk ends an appointment by ending its hold."""
    held = hold(client, mei, start).json()
    booked = reserve(client, mei, start, hold=held["token"]).json()
    path = f"/v1/holds/{held['id']}"
    assert client.delete(path, headers=bearer(held["token"])).status_code == 401
    manage = bearer(booked["manage_token"])
    assert client.delete(path, headers=manage).json()["code"] == "unknown-hold"
    assert client.get(f"/v1/appointments/{booked['id']}", headers=manage).is_success


def test_one_client_holds_a_few(client: TestClient, database: Database, mei: str) -> None:
    """The sixth is refused until one has ended; a program with a key may hold more."""
    starts = free(client, mei)
    first, *_ = [hold(client, mei, start).json() for start in starts[:5]]
    refused = hold(client, mei, starts[5])
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-holds")
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    headers = bearer(make_key(database, INTEGRATION).text)
    assert hold(client, mei, starts[5], headers=headers).status_code == 201
    client.delete(f"/v1/holds/{first['id']}", headers=bearer(first["token"]))
    assert hold(client, mei, starts[6]).status_code == 201
    assert hold(client, mei, starts[7]).status_code == 409
    expire(database)
    assert hold(client, mei, starts[7]).status_code == 201


def test_only_the_staff_holds_for_long(
    client: TestClient, database: Database, settings: Settings, mei: str, start: str
) -> None:
    """Anybody may ask for less than is usual, and the desk for more."""
    usual = settings.hold_minutes
    assert hold(client, mei, start, minutes=usual + 1).status_code == 403
    headers = bearer(make_key(database, RECEPTION).text)
    for minutes, who in (usual - 1, None), (240, headers):
        held = hold(client, mei, free(client, mei)[0], minutes=minutes, headers=who).json()
        left = datetime.fromisoformat(held["expires_at"]) - clock.now()
        assert timedelta(minutes=minutes - 1) < left <= timedelta(minutes=minutes)


def test_the_setting_says_how_long(
    database: Database, settings: Settings, mei: str, start: str
) -> None:
    """A clinic decides how many minutes a patient has."""
    short = settings.model_copy(update={"hold_minutes": 2})
    with TestClient(create_app(short)) as client:
        held = hold(client, mei, start).json()
    left = datetime.fromisoformat(held["expires_at"]) - clock.now()
    assert timedelta(minutes=1) < left <= timedelta(minutes=2)


def test_a_retry_gives_the_same_hold(client: TestClient, mei: str, start: str) -> None:
    """With its Idempotency-Key the first answer comes again, token and all."""
    key = {"Idempotency-Key": "a hold"}
    first, again = (hold(client, mei, start, headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_hold_leaves_no_address(client: TestClient, database: Database, mei: str) -> None:
    """Who holds is kept as a digest for as long as the hold lasts, and the token never."""
    held = hold(client, mei, free(client, mei)[0]).json()
    rows = str(contents(database))
    assert held["token"] not in rows
    assert "testclient" not in rows
    client.delete(f"/v1/holds/{held['id']}", headers=bearer(held["token"]))
    with database.read() as session:
        assert session.scalars(select(Appointment.held_by)).all() == [None]


def test_a_hold_is_in_the_log(client: TestClient, database: Database, mei: str) -> None:
    """Its beginning and its end are events, with how it was before and after."""
    held = hold(client, mei, free(client, mei)[0]).json()
    client.delete(f"/v1/holds/{held['id']}", headers=bearer(held["token"]))
    with database.read() as session:
        query = select(Event).where(Event.action.startswith("hold.")).order_by(Event.number)
        placed, released = session.scalars(query)
    assert (placed.action, released.action) == ("hold.placed", "hold.released")
    assert (placed.actor, released.actor) == ("public", f"token:{held['id']}")
    assert placed.data["before"] is None
    assert released.data["before"] == placed.data["after"]
    assert released.data["after"]["status"] == "cancelled"


def test_a_hold_is_no_appointment_yet(admin: TestClient, mei: str) -> None:
    """The staff's lists have none, and under its id there is no appointment."""
    held = hold(admin, mei, free(admin, mei)[0]).json()
    assert admin.get("/v1/appointments").json()["items"] == []
    assert admin.get(f"/v1/appointments/{held['id']}").status_code == 404


def test_the_past_is_not_held(closed_client: TestClient, mei: str) -> None:
    """What cannot be booked cannot be held, for the same reason."""
    past = hold(closed_client, mei, "2025-02-07T10:00:00+05:30")
    assert (past.status_code, past.json()["code"]) == (409, "slot-passed")
    nothing = hold(closed_client, mei, "2999-01-01T10:07:00+05:30")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "slot-not-offered")


def test_a_doctor_can_be_deactivated_over_a_hold(
    client: TestClient, database: Database, mei: str, start: str
) -> None:
    """A hold stands in no edit's way; who then wants to book it is refused."""
    held = hold(client, mei, start).json()
    headers = bearer(make_key(database, ADMIN).text)
    assert client.post(f"/v1/doctors/{mei}/deactivate", headers=headers).is_success
    assert reserve(client, mei, start, hold=held["token"]).status_code == 404

"""What the staff does to an appointment, and the patient with its token."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from calendula import clock
from calendula.access.models import AppointmentToken
from calendula.access.roles import ADMIN, AUDITOR, DOCTOR, INTEGRATION, RECEPTION, Role
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.events.models import Event
from support.access import bearer, make_key
from support.booking import expire, free, hold, reserve
from support.clinic import DAY, RAJESH, contents, find, last_event

NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency", "duration_minutes": 20}


class Booked:
    """An appointment of Dr. Mei Chen's, with what its patient may do."""

    def __init__(self, client: TestClient, doctor: str, start: str, **other: Any) -> None:
        answer = reserve(client, doctor, start, **other)
        assert answer.status_code == 201, answer.text
        self.client, self.start, self.id = client, start, answer.json()["id"]
        self.token = bearer(answer.json()["manage_token"])
        self.path = f"/v1/appointments/{self.id}"

    def read(self, headers: dict[str, str] | None = None) -> Any:
        """Return what a caller sees of it, by default the patient."""
        return self.client.get(self.path, headers=headers or self.token)

    def do(self, action: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        """Return the answer to an action of a caller's, by default the patient's."""
        return self.client.post(f"{self.path}/{action}", json=body, headers=headers or self.token)


@pytest.fixture
def booked(client: TestClient, mei: str) -> Booked:
    """An appointment in the first slot of a day."""
    return Booked(client, mei, free(client, mei)[0])


@pytest.fixture
def desk(database: Database) -> dict[str, str]:
    """The header of a key of the reception."""
    return bearer(make_key(database, RECEPTION).text)


def test_the_patient_sees_the_appointment(booked: Booked) -> None:
    """When and with whom it is, and until when it can be changed; not who goes there."""
    shown = booked.read()
    assert shown.status_code == 200
    assert shown.json()["start"] == booked.start
    assert shown.json()["cancel_until"] == shown.json()["move_until"] == booked.start
    assert "Asha" not in shown.text
    assert shown.headers["Cache-Control"] == "no-store"


def test_the_staff_sees_the_patient(client: TestClient, desk: dict[str, str], mei: str) -> None:
    """Who it is, how to reach them, what they wrote, and what can be done."""
    who = {"name": "Asha Verma", "phone": "+91 80 5550 1234"}
    booked = Booked(client, mei, free(client, mei)[0], patient=who, note="The left knee")
    shown = booked.read(desk).json()
    assert shown["patient"]["name"] == "Asha Verma"
    assert (shown["phone"], shown["note"]) == (who["phone"], "The left knee")
    assert shown["allowed"] == ["move", "arrive", "check-in", "cancel", "enter-in-error"]


@pytest.mark.parametrize("role", [ADMIN, RECEPTION, DOCTOR])
def test_readings_of_the_staff_are_written_down(
    booked: Booked, database: Database, role: Role
) -> None:
    """With the key and the patient's id; what the patient reads is not."""
    made = make_key(database, role)
    for read in (
        booked.read,
        lambda it: booked.client.get(f"{booked.path}/calendar.ics", headers=it),
    ):
        assert read(bearer(made.text)).status_code == 200
        event = last_event(database, "patient.read")
        assert (event.actor, str(event.appointment_id)) == (f"key:{made.key.id}", booked.id)
        assert event.patient_id is not None
    seen = last_event(database, "patient.read").number
    booked.read()
    assert last_event(database, "patient.read").number == seen


def test_a_list_is_a_reading_of_each(booked: Booked, desk: dict[str, str], mei: str) -> None:
    """Each patient whose data a list shows has an event of it."""
    Booked(booked.client, mei, free(booked.client, mei)[0], patient={"name": "Ravi"})
    listed = booked.client.get("/v1/appointments", headers=desk).json()["items"]
    auditor = bearer(make_key(booked.client.app.state.database, AUDITOR).text)  # type: ignore[attr-defined]
    events = booked.client.get("/v1/events?action=patient.read", headers=auditor).json()["items"]
    assert {it["patient_id"] for it in events} == {it["patient"]["id"] for it in listed}
    assert "Ravi" not in str(events)


def test_a_token_opens_one_appointment(booked: Booked, database: Database, mei: str) -> None:
    """Another's is as unknown as one that there is not, to the byte; the attempt is in the log."""
    other = Booked(booked.client, mei, free(booked.client, mei)[0])
    for action, body in (("", None), ("/move", {"start": NIGHT}), ("/cancel", {})):
        answers = [
            booked.client.request(
                "GET" if body is None else "POST",
                f"/v1/appointments/{it}{action}",
                json=body,
                headers=booked.token,
            )
            for it in (other.id, mei)
        ]
        assert {it.status_code for it in answers} == {404}
        assert answers[0].content == answers[1].content
    denied = last_event(database, "access.denied")
    assert (denied.actor, denied.data["operation"]) == (
        f"token:{booked.id}",
        "cancel_appointment",
    )
    assert other.read().json()["status"] == "booked"


def test_a_doctor_sees_their_own(booked: Booked, database: Database) -> None:
    """Another doctor's appointment is unknown to them, whatever they want to do to it."""
    rajesh = find(booked.client, RAJESH)
    own = bearer(make_key(database, DOCTOR).text)
    made = make_key(database, DOCTOR, doctor_id=UUID(rajesh))
    foreign = bearer(made.text)
    assert booked.read(own).status_code == 200
    assert booked.read(foreign).status_code == 404
    for action in "move", "cancel", "arrive", "check-in", "fulfil", "no-show", "undo":
        body = {"start": NIGHT} if action == "move" else {}
        assert booked.do(action, foreign, **body).status_code == 404
    assert last_event(database, "access.denied").actor == f"key:{made.key.id}"


@pytest.mark.parametrize("role", [AUDITOR, INTEGRATION])
def test_who_is_no_staff_changes_nothing(booked: Booked, database: Database, role: Role) -> None:
    """Neither a program nor who reads the log can see or change an appointment."""
    before = booked.read().json()
    headers = bearer(make_key(database, role).text)
    assert booked.read(headers).status_code == 403
    assert booked.do("cancel", headers).status_code == 403
    assert last_event(database, "access.denied").data == {"operation": "cancel_appointment"}
    assert booked.read().json() == before


def test_nothing_changes_by_reading(booked: Booked, database: Database) -> None:
    """GET writes nothing for a patient, whatever link a scanner of mails follows."""
    before = contents(database)
    for path in "", "/calendar.ics", "/cancel", "/move":
        booked.client.get(f"{booked.path}{path}", headers=booked.token)
    assert contents(database) == before


def test_an_appointment_is_moved(booked: Booked, database: Database, mei: str) -> None:
    """Its id stays, its sequence grows, the old slot is free and the new one is not."""
    start = free(booked.client, mei)[3]
    before = booked.read().json()
    moved = booked.do("move", start=start)
    assert moved.status_code == 200
    assert (moved.json()["id"], moved.json()["start"]) == (booked.id, start)
    assert moved.json()["sequence"] == before["sequence"] + 1
    assert booked.start in free(booked.client, mei)
    assert start not in free(booked.client, mei)
    event = last_event(database, "appointment.moved")
    assert (event.actor, event.data["before"]["slot"]) == (
        f"token:{booked.id}",
        before["time_slot"],
    )
    assert event.data["after"]["slot"] == moved.json()["time_slot"]


def test_a_move_to_where_it_is_changes_nothing(booked: Booked, database: Database) -> None:
    """A retry of a move gives the same answer, and no second event."""
    before = contents(database)
    again = booked.do("move", start=booked.start)
    assert (again.status_code, again.json()) == (200, booked.read().json())
    assert contents(database) == before


def test_a_move_that_loses_changes_nothing(booked: Booked, database: Database, mei: str) -> None:
    """Taken, held, not offered: the appointment is where it was, and others are named."""
    client = booked.client
    taken, held = free(client, mei)[:2]
    reserve(client, mei, taken)
    hold(client, mei, held)
    before = contents(database)
    for start, code in (
        (taken, "slot-taken"),
        (held, "slot-held"),
        (NIGHT, "slot-not-offered"),
    ):
        refused = booked.do("move", start=start)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert "next_slots" in refused.json()
    assert contents(database) == before
    expire(database)
    assert booked.do("move", start=held).status_code == 200


def test_a_move_keeps_the_visits_length_and_buffers(admin: TestClient, mei: str) -> None:
    """A visit of 45 minutes is one after the move; what it needs must be free."""
    visit = {"name": "Long", "duration_minutes": 45, "buffer_after_minutes": 15}
    long = admin.post("/v1/visit-types", json=visit).json()["id"]
    first, *_, fifth = free(admin, mei)[:5]
    booked = Booked(admin, mei, first, visit_type_id=long)
    assert reserve(admin, mei, fifth).status_code == 201
    fourth = free(admin, mei)[1]
    assert booked.do("move", start=fourth).json()["code"] in {"slot-taken", "slot-not-offered"}
    moved = booked.do("move", start=free(admin, mei)[0]).json()
    minutes = datetime.fromisoformat(moved["end"]) - datetime.fromisoformat(moved["start"])
    assert minutes == timedelta(minutes=45)


def test_the_staff_moves_to_another_doctor(booked: Booked, desk: dict[str, str]) -> None:
    """The patient's token goes with it; the patient alone cannot do that."""
    rajesh = find(booked.client, RAJESH)
    start = free(booked.client, rajesh)[2]
    assert booked.do("move", start=start, doctor_id=rajesh).status_code == 403
    moved = booked.do("move", desk, start=start, doctor_id=rajesh)
    assert (moved.status_code, moved.json()["doctor_id"]) == (200, rajesh)
    assert booked.read().json()["doctor_name"] == RAJESH
    assert start not in free(booked.client, rajesh)
    nobody = booked.do("move", desk, start=start, doctor_id=booked.id)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown-doctor")


def test_the_staff_moves_outside_hours(
    booked: Booked, database: Database, desk: dict[str, str]
) -> None:
    """With an override and its reason, which must not name the patient; onto nobody."""
    assert booked.do("move", start=NIGHT, **OVERRIDE).status_code == 403
    named = {**OVERRIDE, "reason": "Verma called"}
    assert booked.do("move", desk, start=NIGHT, **named).status_code == 422
    moved = booked.do("move", desk, start=NIGHT, **OVERRIDE)
    assert (moved.status_code, moved.json()["overridden"]) == (200, True)
    assert last_event(database, "appointment.moved").data["override"] == "an emergency"


def test_an_appointment_is_cancelled(booked: Booked, database: Database, mei: str) -> None:
    """The slot is free at once; why is kept with the appointment and not in the log."""
    cancelled = booked.do("cancel", reason="I feel well again")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert booked.start in free(booked.client, mei)
    event = last_event(database, "appointment.cancelled")
    assert event.data["before"]["status"] == "booked"
    assert "well again" not in str(event.data)
    with database.read() as session:
        assert session.scalars(select(Appointment.reason)).one() == "I feel well again"
    before = contents(database)
    again = booked.do("cancel", reason="once more")
    assert (again.status_code, again.json()) == (200, cancelled.json())
    assert contents(database) == before


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_behind_the_cutoff_the_clinic_is_called(
    booked: Booked, database: Database, desk: dict[str, str], mei: str, action: str
) -> None:
    """The patient is told whom to call, by the clinic's own name and number; the staff can."""
    admin = bearer(make_key(database, ADMIN).text)
    contact = {"name": "Sunrise Clinic", "phone": "+91 80 5550 0100"}
    limits: dict[str, Any] = {f"{action}_cutoff_minutes": 60 * 24 * 30}
    rules: dict[str, Any] = {**contact, "holidays": None, "policy": limits}
    assert booked.client.put("/v1/clinic", json=rules, headers=admin).is_success
    body: dict[str, Any] = {"start": free(booked.client, mei)[0]} if action == "move" else {}
    refused = booked.do(action, **body)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-late")
    assert "Please call Sunrise Clinic on +91 80 5550 0100." in refused.json()["detail"]
    assert booked.read().json()[f"{action}_until"] < clock.now().isoformat()
    assert booked.do(action, desk, **body).status_code == 200


def test_what_has_begun_is_the_clinics(client: TestClient, mei: str) -> None:
    """Without any cutoff, the start is the end of what a patient can do."""
    past = Booked(client, mei, "2025-02-07T10:00:00+05:30")
    assert past.do("cancel").json()["code"] == "too-late"
    assert past.read().status_code == 200  # its token counts from the booking


def test_who_has_arrived_is_with_the_staff(booked: Booked, desk: dict[str, str], mei: str) -> None:
    """The token moves and cancels what is booked, and nothing that goes on at the desk."""
    assert booked.do("arrive", desk).json()["status"] == "arrived"
    assert booked.read().json()["cancel_until"] is None
    assert booked.do("cancel").json()["code"] == "too-late"
    assert booked.do("move", start=free(booked.client, mei)[0]).json()["code"] == "too-late"


def test_an_appointment_runs_its_course(booked: Booked, desk: dict[str, str]) -> None:
    """Arrived, checked in, fulfilled; and each is in its history with before and after."""
    for action in "arrive", "check-in", "fulfil":
        assert booked.do(action, desk).status_code == 200
    history = booked.client.get(f"{booked.path}/history", headers=desk).json()["items"]
    states = [it["data"]["after"]["status"] for it in history if "after" in it["data"]]
    assert states == ["booked", "arrived", "checked-in", "fulfilled"]
    befores = [it["data"]["before"] for it in history if "before" in it["data"]]
    assert [it and it["status"] for it in befores] == [None, *states[:-1]]


@pytest.mark.parametrize("action", ["arrive", "check-in", "fulfil", "no-show", "undo", "cancel"])
def test_what_is_over_stays_so(booked: Booked, desk: dict[str, str], action: str) -> None:
    """A refusal names the state, and the one thing that is left."""
    booked.do("arrive", desk)
    booked.do("fulfil", desk)
    refused = booked.do(action, desk)
    assert (refused.status_code, refused.json()["code"]) == (409, "transition-not-allowed")
    assert refused.json()["appointment_status"] == "fulfilled"
    assert refused.json()["allowed"] == {"enter-in-error": "entered-in-error"}


def test_nobody_is_absent_before_the_start(
    booked: Booked, client: TestClient, desk: dict[str, str], mei: str
) -> None:
    """A no-show is one from the start on; it can be undone, and kept its time meanwhile."""
    early = booked.do("no-show", desk)
    assert (early.status_code, "no-show" in early.json()["allowed"]) == (409, False)
    past = Booked(client, mei, "2025-02-07T10:00:00+05:30")
    assert past.do("no-show", desk).json()["status"] == "noshow"
    again = reserve(client, mei, past.start)
    assert again.json()["code"] == "slot-taken"
    assert past.do("undo", desk).json()["status"] == "booked"


def test_an_arrival_is_undone(booked: Booked, desk: dict[str, str]) -> None:
    """Somebody pressed the wrong button: it is booked again; twice is once too often."""
    booked.do("arrive", desk)
    assert booked.do("undo", desk).json()["status"] == "booked"
    assert booked.do("undo", desk).status_code == 409


def test_only_an_admin_strikes_out(
    booked: Booked, database: Database, desk: dict[str, str], mei: str
) -> None:
    """What was entered in error frees its time, whatever its state was, and is final."""
    admin = bearer(make_key(database, ADMIN).text)
    booked.do("arrive", desk)
    booked.do("fulfil", desk)
    assert booked.do("enter-in-error", desk).status_code == 403
    assert booked.do("enter-in-error", admin).json()["status"] == "entered-in-error"
    assert booked.start in free(booked.client, mei)
    refused = booked.do("enter-in-error", admin)
    assert (refused.status_code, refused.json()["allowed"]) == (409, {})


def test_a_change_can_want_the_version_that_was_seen(
    booked: Booked, desk: dict[str, str], mei: str
) -> None:
    """With If-Match, of two who look at the same appointment one changes it."""
    seen = {"If-Match": booked.read(desk).headers["ETag"]}
    first, second = free(booked.client, mei)[:2]
    assert booked.do("move", desk | seen, start=first).status_code == 200
    for action, body in (("move", {"start": second}), ("cancel", {}), ("arrive", {})):
        stale = booked.do(action, desk | seen, **body)
        assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    seen = {"If-Match": booked.read(desk).headers["ETag"]}
    assert booked.do("arrive", desk | seen).headers["ETag"] != seen["If-Match"]


def test_a_token_ends_some_days_after_the_appointment(
    booked: Booked, database: Database, mei: str
) -> None:
    """Seven by default; a move takes its end along."""

    def end() -> timedelta:
        with database.read() as session:
            row = session.execute(
                select(AppointmentToken.expires_at, Appointment.ends_at).join(Appointment)
            ).one()
        end: timedelta = row.expires_at - row.ends_at
        return end

    assert end() == timedelta(days=7)
    booked.do("move", start=free(booked.client, mei)[3])
    assert end() == timedelta(days=7)
    with database.write() as session:
        session.execute(update(AppointmentToken).values(expires_at=clock.now()))
    expired = booked.read()
    assert (expired.status_code, expired.json()["code"]) == (401, "invalid-token")


def test_the_staff_revokes_and_gives_tokens(
    booked: Booked, database: Database, desk: dict[str, str]
) -> None:
    """All of them end; another one opens the appointment again. Both are in the log."""
    for _ in range(2):
        assert booked.client.delete(f"{booked.path}/tokens", headers=desk).status_code == 204
    assert booked.read().status_code == 401
    given = booked.client.post(f"{booked.path}/tokens", headers=desk)
    assert given.status_code == 201
    token = given.json()["manage_token"]
    assert booked.read(bearer(token)).status_code == 200
    assert token not in str(contents(database))
    with database.read() as session:
        query = select(Event.action).where(Event.action.startswith("token."))
        assert session.scalars(query.order_by(Event.number)).all() == [
            "token.revoked",
            "token.issued",
        ]


@pytest.mark.parametrize("token", ["mng_", "mng_" + "a" * 43, "mng_" + "a" * 42, "mng_\u00e9"])
def test_what_is_no_token_opens_nothing(booked: Booked, token: str) -> None:
    """Truncated, unknown or mistyped: 401, and nobody is told which."""
    headers = {"Authorization": f"Bearer {token}".encode()}
    answer = booked.client.get(booked.path, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["detail"]) == (401, "The key is not valid.")


def test_the_calendar_file_follows(booked: Booked, mei: str) -> None:
    """It invites, moves and cancels one and the same event, and names nobody who goes there."""

    def lines() -> dict[str, str]:
        answer = booked.client.get(f"{booked.path}/calendar.ics", headers=booked.token)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/calendar; charset=utf-8; method=")
        text = answer.text.replace("\r\n ", "")
        assert "Asha Verma" not in text
        pairs = (line.partition(":")[::2] for line in text.splitlines())
        return {"type": answer.headers["Content-Type"].rpartition("=")[2], **dict(pairs)}

    first = lines()
    booked.do("move", start=free(booked.client, mei)[2])
    second = lines()
    booked.do("cancel")
    third = lines()
    assert first["UID"] == second["UID"] == third["UID"]
    assert [it["SEQUENCE"] for it in (first, second, third)] == ["0", "1", "2"]
    assert [it["METHOD"] for it in (first, second, third)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [it["type"] for it in (first, second, third)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert first["DTSTART;TZID=Asia/Kolkata"] != second["DTSTART;TZID=Asia/Kolkata"]

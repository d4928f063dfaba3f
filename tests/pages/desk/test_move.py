"""The desk moves an appointment."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN, DOCTOR
from calendula.database import Database
from support import clinic
from support.access import key
from support.booking import Booked, free
from support.clinic import DAY
from support.desk import DeskClient, words

BY_HAND = {"date": DAY.isoformat(), "time": "20:00", "minutes": "20", "reason": "An emergency"}


def _path(booked: Booked) -> str:
    return f"/desk/appointments/{booked.id}/move"


def _slots(page: Any) -> list[str]:
    return re.findall(r'<button class="slot" name="start" value="([^"]+)"', page.text)


def _start(database: Database, booked: Booked) -> str:
    return str(booked.read(key(database, ADMIN)).json()["start"])


def test_an_appointment_goes_to_a_free_time(
    desk: DeskClient, database: Database, booked: Booked, mei: str
) -> None:
    """Chosen from those of the day, and the day then shows it there and says so."""
    page = desk.get(_path(booked))
    assert len(_slots(page)) == 7
    answer = desk.submit(_path(booked), version="1", doctor=mei, start=_slots(page)[1])
    assert answer.headers["location"] == f"/desk?date={DAY}&done=move"
    day = desk.get(answer.headers["location"])
    assert "The appointment is moved." in day.text
    assert "10:00 AM Asha Verma Booked" in words(day)


def test_another_day_and_doctor_can_be_chosen(
    desk: DeskClient, database: Database, booked: Booked, client: TestClient
) -> None:
    """The page shows their free times; the appointment goes there."""
    rajesh, day = clinic.find(client, "Dr. Rajesh Kumar"), DAY + timedelta(days=1)
    page = desk.get(_path(booked), params={"doctor": rajesh, "date": day.isoformat()})
    assert len(_slots(page)) == 8
    answer = desk.submit(_path(booked), version="1", doctor=rajesh, start=_slots(page)[0])
    assert answer.headers["location"] == f"/desk?date={day}&done=move"
    assert booked.read(key(database, ADMIN)).json()["doctor_id"] == rajesh


def test_a_day_without_free_times_offers_the_next(
    desk: DeskClient, admin: TestClient, mei: str
) -> None:
    """It says why nothing is free, and what is free soonest."""
    start = free(admin, mei)[0]
    booked = Booked(admin, mei, start)
    admin.put(f"/v1/doctors/{mei}/overrides/{DAY}", json={"windows": []})
    page = desk.get(_path(booked))
    assert "Does not work on this day." in page.text
    assert len(_slots(page)) == 3


def test_a_time_that_is_gone_is_told_with_others(
    desk: DeskClient, database: Database, booked: Booked, client: TestClient, mei: str
) -> None:
    """The appointment stays where it is, and the next free times are offered."""
    taken, *_ = free(client, mei)
    before = _start(database, booked)
    Booked(client, mei, taken)
    answer = desk.submit(_path(booked), version="1", doctor=mei, start=taken)
    assert answer.status_code == 409
    assert "<h2>Somebody else was faster</h2>" in answer.text
    assert len(_slots(answer)) >= 3
    assert _start(database, booked) == before


def test_who_is_refused_a_time_stays_at_its_day(
    desk: DeskClient, booked: Booked, client: TestClient, mei: str
) -> None:
    """The free times of the day that was looked at are there again, not the appointment's own."""
    day = DAY + timedelta(days=1)
    page = desk.get(_path(booked), params={"date": day.isoformat()})
    assert f'<input type="hidden" name="date" value="{day}">' in page.text
    taken, *others = _slots(page)
    Booked(client, mei, taken)
    answer = desk.submit(_path(booked), version="1", doctor=mei, date=str(day), start=taken)
    assert answer.status_code == 409
    assert set(others) <= set(_slots(answer))


def test_what_was_typed_by_hand_stays_in_sight(
    desk: DeskClient, booked: Booked, client: TestClient, mei: str
) -> None:
    """Where somebody else has that time, and where there is a mistake in it."""
    Booked(client, mei, free(client, mei)[0])
    taken = {**BY_HAND, "time": "09:30"}
    for typed, status in ((taken, 409), ({**BY_HAND, "time": ""}, 422)):
        answer = desk.submit(_path(booked), version="1", doctor=mei, **typed)
        assert answer.status_code == status
        assert '<details class="ask calm" open>' in answer.text
        assert f'value="{BY_HAND["reason"]}"' in answer.text


def test_a_time_by_hand_takes_a_reason(
    desk: DeskClient, database: Database, booked: Booked, mei: str
) -> None:
    """Outside hours, with the reason in the log."""
    answer = desk.submit(_path(booked), version="1", doctor=mei, **BY_HAND)
    assert answer.status_code == 303
    assert clinic.last_event(database, "appointment.moved").data["override"] == "An emergency"


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "For Asha"}, "reason"),
        ({"time": "x"}, "time"),
        ({"minutes": "481"}, "minutes"),
    ],
)
def test_a_mistake_is_told_at_its_field(
    desk: DeskClient,
    database: Database,
    booked: Booked,
    mei: str,
    changed: dict[str, str],
    wrong: str,
) -> None:
    """And nothing is moved."""
    before = _start(database, booked)
    answer = desk.submit(_path(booked), version="1", doctor=mei, **{**BY_HAND, **changed})
    assert answer.status_code == 422
    assert f'href="#{wrong}"' in answer.text
    assert _start(database, booked) == before


def test_what_somebody_else_has_changed_is_seen_first(
    desk: DeskClient, database: Database, booked: Booked, mei: str, client: TestClient
) -> None:
    """A page from before moves nothing."""
    booked.do("arrive", key(database, ADMIN))
    answer = desk.submit(_path(booked), version="1", doctor=mei, start=free(client, mei)[0])
    assert answer.status_code == 412
    assert "Somebody else has changed this" in answer.text
    assert desk.get(_path(booked)).status_code == 409


def test_a_doctor_moves_their_own_to_themselves(
    door: DeskClient, database: Database, booked: Booked, client: TestClient, mei: str
) -> None:
    """Neither another's appointment, nor to another."""
    door.sign_in(database, DOCTOR)
    rajesh = clinic.find(client, "Dr. Rajesh Kumar")
    start = free(client, rajesh)[0]
    other = Booked(client, rajesh, free(client, rajesh)[1])
    assert door.get(_path(other)).status_code == 404
    assert door.get(_path(booked), params={"doctor": rajesh}).status_code == 404
    answer = door.submit(_path(booked), version="1", doctor=rajesh, start=start)
    assert answer.status_code == 404
    start = free(client, mei)[0]
    assert door.submit(_path(booked), version="1", doctor=mei, start=start).status_code == 303


def test_another_kind_of_doctor_is_told(desk: DeskClient, admin: TestClient, mei: str) -> None:
    """Who does not offer the kind of visit has no times for it."""
    body = {"name": "Echo", "duration_minutes": 30, "public": True, "doctor_ids": [mei]}
    kind = admin.post("/v1/visit-types", json=body).json()["id"]
    booked = Booked(admin, mei, free(admin, mei, visit_type=kind)[0], visit_type_id=kind)
    rajesh = clinic.find(admin, "Dr. Rajesh Kumar")
    page = desk.get(_path(booked), params={"doctor": rajesh})
    assert "This doctor does not offer this kind of visit." in page.text

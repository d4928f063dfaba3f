"""The day of an appointment, as the staff writes it down."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN
from calendula.database import Database
from support.access import bearer, make_key
from support.booking import Booked, free, reserve
from support.clinic import DAY

NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency", "duration_minutes": 20}


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

"""The desk's open pages hear of what changes, from a service that was really started."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import Response

from calendula.access.roles import ADMIN, DOCTOR, Caller, Role
from calendula.database import Database
from calendula.events.feed import Feed
from calendula.pages.desk import live
from support import servers
from support.access import cookie, make_key, make_session
from support.clinic import DAY, MEI, RAJESH, TEN
from support.desk import DeskClient


@pytest.fixture
def url(database: Database, database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of an open clinic."""
    environment = {"CALENDULA_DATABASE_URL": database_url, "CALENDULA_OPEN_CLINIC": "true"}
    with servers.running(tmp_path, environment) as server:
        yield server.url


def _book(url: str, doctor: str) -> None:
    who = {"patient_id": "P-1", "patient_name": "Asha Verma", "doctor_name": doctor}
    body: dict[str, Any] = {**who, "date": DAY.isoformat(), "time_slot": TEN}
    assert httpx.post(f"{url}/book_appointment", json=body).status_code == 201


@pytest.mark.parametrize(("role", "heard"), [(ADMIN, RAJESH), (DOCTOR, MEI)], ids=["all", "own"])
def test_the_desk_hears_of_its_doctors(
    url: str, database: Database, role: Role, heard: str
) -> None:
    """The first booking is Rajesh's: all but a doctor hear of it, who hears of their own."""
    doctors = {it["name"]: it["id"] for it in httpx.get(f"{url}/v1/doctors").json()["items"]}
    headers = cookie(make_session(database, make_key(database, role).key))
    with httpx.stream("GET", f"{url}/desk/live", headers=headers, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert [next(lines) for _ in range(3)] == [": live", "retry: 2000", ""]
        for doctor in RAJESH, MEI:
            _book(url, doctor)
        assert [next(lines) for _ in range(2)] == ["event: changed", f"data: {doctors[heard]}"]


def test_a_session_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hints of a page come to an end, so that who asks for more is still signed in."""

    async def hints() -> list[str]:
        feed = Feed(1)
        feed.open()
        heard = live._of_caller(feed, Caller(ADMIN), Response())  # noqa: SLF001 - the time is
        return [hint async for hint in await anext(heard)]

    monkeypatch.setattr(live, "_LASTS", 0.01)
    assert asyncio.run(asyncio.wait_for(hints(), 10)) == []


def test_nobody_hears_without_a_session(door: DeskClient) -> None:
    """Who is not signed in is refused: a page to sign in would be no hint."""
    headers = {"Accept": "text/event-stream"}
    assert door.get("/desk/live", headers=headers).status_code == 401

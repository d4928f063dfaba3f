"""Many who book, cancel and search at one moment share what a worker knows."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from calendula.availability.search.index import Index, Place
from calendula.availability.search.wish import Wish
from calendula.database import Database
from calendula.timetables.memory import Memory
from support.booking import reserve
from support.clinic import DAY

PATIENCE = 20  # seconds until a test gives up
PATIENTS = 6
TURNS = 5


def test_everybody_finds_what_they_did_themselves(admin: TestClient, mei: str) -> None:
    """Whoever has booked finds the slot no more, and whoever has cancelled it finds it again."""
    visit = {"name": "Visit", "duration_minutes": 30}
    kind = admin.post("/v1/visit-types", json=visit).json()["id"]
    asked = {"from": str(DAY), "to": str(DAY), "name": "mei", "visit_type": kind}

    def starts() -> list[str]:
        items = admin.get("/v1/slots/search", params=asked).json()["items"]
        return [str(it["start"]) for it in items]

    def come_and_go(start: str) -> None:
        for _ in range(TURNS):
            booked = reserve(admin, mei, start).json()
            assert start not in starts()
            admin.post(f"/v1/appointments/{booked['id']}/cancel", json={})
            assert start in starts()

    before = starts()
    with ThreadPoolExecutor(PATIENTS) as pool:
        list(pool.map(come_and_go, before[:PATIENTS]))
    assert starts() == before


def test_who_waits_together_is_told_the_news_together(
    client: TestClient, mei: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of those who wait reads for all of them, but never one who had begun before they came."""
    index, wish = Index(Memory(100)), Wish(DAY, DAY)
    reads: list[None] = []
    begun, go_on = Event(), Event()
    really = index._follow  # noqa: SLF001 - nobody else can tell when it is done

    def follow(*session: object) -> None:
        really(*session)  # type: ignore[arg-type]
        reads.append(None)
        begun.set()
        assert go_on.wait(PATIENCE)

    def starts() -> set[str]:
        with database.read() as session:
            found = index.find(session, wish, Place.before(clock.now()), 1000)
        return {it.start.isoformat() for it in found.candidates if str(it.doctor_id) == mei}

    free = sorted(starts())
    monkeypatch.setattr(index, "_follow", follow)
    with ThreadPoolExecutor(13) as pool:
        first = pool.submit(starts)
        assert begun.wait(PATIENCE)
        assert reserve(client, mei, free[0]).status_code == 201
        others = [pool.submit(starts) for _ in range(12)]
        time.sleep(0.3)  # until most of them wait; who comes later reads alone
        go_on.set()
        assert sorted(first.result()) == free
        assert [sorted(it.result()) for it in others] == [free[1:]] * len(others)
    assert 2 <= len(reads) < 1 + len(others)

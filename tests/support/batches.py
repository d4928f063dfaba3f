"""Bookings that come at one time, and whether they were done together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Semaphore
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula import samples
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from calendula.together import Together
from support import BOOKING
from support.load import LABELS

_UNTIL_OTHERS_COME = 10.0  # seconds, at most


def sizes(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> list[int]:
    """Return how many wishes a function is given each time, which are its third argument.

    Whoever comes first, and alone, waits until two others have come.
    """
    seen: list[int] = []
    asked = Semaphore(0)
    really, ask = getattr(module, name), Together.ask

    def counted(session: Any, memory: Any, wishes: Any, **more: Any) -> Any:
        seen.append(len(wishes))
        if seen == [1]:
            all(asked.acquire(timeout=_UNTIL_OTHERS_COME) for _ in range(3))
        return really(session, memory, wishes, **more)

    async def heard(thread: Together[Any, Any], wish: Any) -> Any:
        asked.release()
        return await ask(thread, wish)

    monkeypatch.setattr(module, name, counted)
    monkeypatch.setattr(Together, "ask", heard)
    return seen


def post(client: TestClient, number: int, *, key: bool = False, **more: Any) -> Any:
    """Book a slot of a day that holds few, for the patient of a number; return the answer."""
    booking = {
        **BOOKING,
        "patient_id": str(number),
        "patient_name": f"Patient {number}",
        "time_slot": LABELS[number % len(LABELS)],
        **more,
    }
    headers = {"Idempotency-Key": f"key-{number}"} if key else None
    return client.post("/book_appointment", json=booking, headers=headers)


def post_all(client: TestClient, count: int, **more: Any) -> list[Any]:
    """Book as many slots at one time; return the answers."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: post(client, number, **more), range(count)))


def count(database: Database, table: Any) -> int:
    """Return how many rows a table has."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@contextmanager
def clinic(url: str, **more: Any) -> Iterator[tuple[TestClient, Database]]:
    """Serve an open clinic, and give a client of it and its database."""
    settings = Settings(database_url=url, open_clinic=True, time_zone="UTC", **more)
    with closing(Database.from_settings(settings)) as database:
        samples.add_doctors(database, "UTC")
        with TestClient(create_app(settings)) as client:
            yield client, database

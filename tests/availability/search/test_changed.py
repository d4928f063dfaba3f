"""The first free slots after something has changed, for a worker who knew what was before."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from calendula.availability.search import service
from calendula.availability.search.index import Index
from calendula.availability.search.wish import Wish
from calendula.database import Database
from calendula.timetables.memory import Memory
from support.booking import reserve
from support.clinic import DAY, every_day, walk, window

DAYS = Wish(DAY, DAY + timedelta(days=2))


def _doctor(admin: TestClient, zone: str, *windows: Any) -> str:
    doctor = admin.post("/v1/doctors", json={"name": "Dr. Zora Quill", "time_zone": zone}).json()
    admin.put(f"/v1/doctors/{doctor['id']}/hours", json=every_day(*windows))
    return str(doctor["id"])


def _searched(admin: TestClient, **other: str) -> list[str]:
    params = {"from": str(DAYS.first), "to": str(DAYS.last), "name": "zora", "limit": "200"}
    return [it["start"] for it in walk(admin, "/v1/slots/search", **params, **other)]


def _listed(admin: TestClient, doctor: str, **other: str) -> list[str]:
    params: Mapping[str, str] = {"from": str(DAYS.first), "to": str(DAYS.last), **other}
    dates = admin.get(f"/v1/doctors/{doctor}/slots", params=params).json()["dates"]
    return [slot["start"] for date in dates for slot in date["slots"]]


@pytest.mark.parametrize("buffers", [(15, 0), (0, 15)], ids=["before", "after"])
def test_what_a_buffer_took_beyond_midnight_comes_free(
    admin: TestClient, buffers: tuple[int, int]
) -> None:
    """An appointment by whose buffer the day before or after, in UTC, loses slots is cancelled."""
    doctor = _doctor(admin, "Asia/Tokyo", window("08:00", "12:00", 15))
    before, after = buffers
    visit_type = {"name": "Long", "duration_minutes": 30}
    visit_type |= {"buffer_before_minutes": before, "buffer_after_minutes": after}
    visit = admin.post("/v1/visit-types", json=visit_type).json()["id"]
    start = f"{DAY}T00:00:00Z" if before else f"{DAY}T23:30:00Z"
    booked = reserve(admin, doctor, start, visit_type_id=visit).json()["id"]
    for other in {}, {"visit_type": visit}:
        assert _searched(admin, **other) == _listed(admin, doctor, **other)
    assert admin.post(f"/v1/appointments/{booked}/cancel", json={}).is_success
    for other in {}, {"visit_type": visit}:
        assert _searched(admin, **other) == _listed(admin, doctor, **other) != []


def test_a_doctor_who_has_moved_is_found_at_once(admin: TestClient) -> None:
    """In another zone the same instant is on another date; the first search knows it already."""
    doctor = _doctor(admin, "Pacific/Kiritimati", window("09:00", "12:00"))
    assert _searched(admin) == _listed(admin, doctor) != []
    before = _listed(admin, doctor)
    moved = admin.patch(f"/v1/doctors/{doctor}", json={"time_zone": "Pacific/Pago_Pago"})
    assert moved.is_success
    assert _searched(admin) == _listed(admin, doctor) != before


def test_a_memory_that_is_full_hides_nobody(mei: str, database: Database) -> None:
    """Where there is no room for all who may be free, they are found all the same."""
    small = Memory(3)
    with database.read() as session:
        small.learn(session, [UUID(mei)])
    found = []
    for memory in Memory(100), small:
        with database.read() as session:
            slots = service.search(session, Index(memory), DAYS, None, 100).slots
        found.append([it.place for it in slots])
    assert found[0] == found[1] != []

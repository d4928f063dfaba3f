"""The first free slots are those that each doctor's own timetable gives, whatever has happened."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from calendula.availability import service as availability
from calendula.availability.search import service
from calendula.availability.search.index import Index, Place
from calendula.availability.search.wish import PartOfDay, Wish
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.timetables.memory import Memory
from calendula.timetables.timetable import Visit
from support.booking import hold, reserve
from support.clinic import DAY, every_day, window

LAST = DAY + timedelta(days=9)
ZONES = ("Asia/Kolkata", "Pacific/Kiritimati", "America/St_Johns", "Pacific/Pago_Pago")
WEEKS: Sequence[list[dict[str, Any]]] = (
    [window("09:00", "12:00"), window("14:00", "15:00")],
    [window("22:00", "02:00", 60)],
    [window("09:00", "10:00", 20), window("10:00", "12:15", 30)],
    [],
)
VISIT = Visit(50, 5, 10)
Found = tuple[datetime, UUID, str]


def _all(session: Session, wish: Wish) -> list[Found]:
    """Return what is free by asking each doctor's timetable for each date."""
    some = session.scalars(doctors.matching(wish.specialty, wish.words, inactive=False)).all()
    found = [
        (slot.start, doctor.id, slot.label)
        for doctor in some
        for day in availability.days(
            session, doctor, wish.first, wish.last, past=False, visit=wish.visit
        )
        for slot in day.free
        if wish.admits(slot.start.astimezone(doctor.zone))
    ]
    return sorted(found)


def _pages(session: Session, index: Index, wish: Wish, limit: int) -> list[Found]:
    """Return what is found page by page."""
    found: list[Found] = []
    place: Place | None = None
    while True:
        slots, place = service.search(session, index, wish, place, limit)
        assert len(slots) <= limit
        found += [(it.slot.start, it.doctor.id, it.slot.label) for it in slots]
        if place is None:
            return found


def _wishes(chance: random.Random) -> Iterator[Wish]:
    for visit in None, VISIT:
        yield Wish(DAY, LAST, visit=visit)
        yield Wish(
            DAY + timedelta(days=chance.randrange(5)),
            LAST,
            specialty=chance.choice([None, "cardiology"]),
            words=chance.choice(["", "dr", "me che"]),
            part=chance.choice([None, *PartOfDay]),
            weekdays=chance.choice([None, {1, 2, 6}]),
            visit=visit,
        )


def _compare(database: Database, indexes: Sequence[Index], chance: random.Random) -> int:
    """See that the pages hold what is free, and nothing else; return how much that was."""
    total = 0
    for wish in _wishes(chance):
        with database.read() as session:
            expected = _all(session, wish)
        for index in indexes:
            with database.read() as session:
                assert _pages(session, index, wish, chance.choice([7, 50, 200])) == expected
        total += len(expected)
    return total


class _Life:
    """What people do to a clinic, by chance."""

    def __init__(self, admin: TestClient, chance: random.Random) -> None:
        self._admin = admin
        self._chance = chance
        self._appointments: list[str] = []
        self._doctors = [it["id"] for it in admin.get("/v1/doctors").json()["items"]]

    def go_on(self) -> None:
        """Let something happen."""
        steps: Sequence[Callable[[], Any]] = (
            *[self._book] * 6,
            *[self._cancel] * 3,
            *(self._move, self._move, self._hold, self._override, self._rest, self._edit),
            *(self._work, self._add, self._limit, self._stop, self._close),
        )
        self._chance.choice(steps)()

    def _doctor(self) -> str:
        return str(self._chance.choice(self._doctors))

    def _day(self) -> str:
        return str(DAY + timedelta(days=self._chance.randrange(10)))

    def _free(self) -> tuple[str, str] | None:
        doctor = self._doctor()
        path = f"/v1/doctors/{doctor}/slots"
        listed = self._admin.get(path, params={"from": str(DAY), "to": str(LAST)}).json()["dates"]
        starts = [slot["start"] for day in listed for slot in day["slots"]]
        return (doctor, self._chance.choice(starts)) if starts else None

    def _book(self) -> None:
        if free := self._free():
            self._appointments.append(reserve(self._admin, *free).json()["id"])

    def _hold(self) -> None:
        if free := self._free():
            hold(self._admin, *free)

    def _cancel(self) -> None:
        if self._appointments:
            self._admin.post(
                f"/v1/appointments/{self._chance.choice(self._appointments)}/cancel", json={}
            )

    def _move(self) -> None:
        if self._appointments and (free := self._free()):
            self._admin.post(
                f"/v1/appointments/{self._chance.choice(self._appointments)}/move",
                json={"doctor_id": free[0], "start": free[1]},
            )

    def _override(self) -> None:
        hours = {"windows": self._chance.choice(WEEKS)}
        self._admin.put(f"/v1/doctors/{self._doctor()}/overrides/{self._day()}", json=hours)

    def _rest(self) -> None:
        start = datetime.fromisoformat(f"{self._day()}T04:00:00+00:00")
        off = {"start": start.isoformat(), "end": (start + timedelta(hours=7)).isoformat()}
        everybody = self._chance.random() < 0.3
        self._admin.post(
            "/v1/time-off" if everybody else f"/v1/doctors/{self._doctor()}/time-off", json=off
        )

    def _edit(self) -> None:
        zone = {"time_zone": self._chance.choice(ZONES)}
        other = {"specialty": self._chance.choice(["Cardiology", "Surgery", None])}
        self._admin.patch(f"/v1/doctors/{self._doctor()}", json=self._chance.choice([zone, other]))

    def _work(self) -> None:
        week = every_day(*self._chance.choice(WEEKS))
        self._admin.put(f"/v1/doctors/{self._doctor()}/hours", json=week)

    def _add(self) -> None:
        new = {"name": f"Dr. Number {len(self._doctors)}", "specialty": "Cardiology"}
        self._doctors.append(self._admin.post("/v1/doctors", json=new).json()["id"])

    def _limit(self) -> None:
        limits = self._chance.choice([{}, {"horizon_days": 17}, {"minimum_notice_minutes": 24000}])
        self._admin.put(f"/v1/doctors/{self._doctor()}/policy", json=limits)

    def _stop(self) -> None:
        what = self._chance.choice(["deactivate?force", "activate"])
        self._admin.post(f"/v1/doctors/{self._doctor()}/{what}")

    def _close(self) -> None:
        body = {"date": self._day(), "action": "cancel", "dry_run": False}
        self._admin.post(f"/v1/doctors/{self._doctor()}/close-day", json=body)


@pytest.mark.parametrize("seed", range(2))
def test_a_search_finds_what_is_free(admin: TestClient, database: Database, seed: int) -> None:
    """After whatever bookings, moves and edits, its pages hold all free slots, each once."""
    chance = random.Random(seed)  # noqa: S311 - the same life in each run
    life = _Life(admin, chance)
    old, seldom = Index(Memory(100)), Index(Memory(100))
    total = 0
    for turn in range(8):
        for _ in range(5):
            life.go_on()
        indexes = [old, Index(Memory(100))] + [seldom] * (turn % 3 == 2)
        total += _compare(database, indexes, chance)
    assert total > 500

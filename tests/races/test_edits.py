"""An edit of a timetable and a booking at the same moment."""

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from http.client import HTTPConnection
from threading import Barrier
from typing import Any

from sqlalchemy import select

from calendula import clock
from calendula.access.roles import ADMIN
from calendula.doctors.models import Doctor
from support import load
from support.access import bearer, make_key
from support.load import Booking
from support.servers import Server

ROUNDS = 500
JITTER = 0.01  # seconds; about as long as either takes, so that each is first now and then


def _days() -> list[date]:
    """Return dates ahead: what has passed is no longer orphaned."""
    tomorrow = clock.now().date() + timedelta(days=2)
    return [tomorrow + timedelta(days=number) for number in range(ROUNDS)]


def _at_the_same_moment(ready: Barrier) -> Iterator[date]:
    for day in _days():
        ready.wait()
        time.sleep(random.random() * JITTER)  # noqa: S311 - it hides nothing
        yield day


def _book(url: str, ready: Barrier) -> list[str | None]:
    """Book a slot on each day; return the ids of the appointments, None where it was refused."""
    with load.connection_to(url) as connection:
        answers = [
            load.book(connection, Booking(day, load.LABELS[2]))
            for day in _at_the_same_moment(ready)
        ]
    assert {answer.status for answer in answers} == {201, 409}
    return [answer.members.get("appointment_id") for answer in answers]


def _close(url: str, ready: Barrier, path: str, headers: dict[str, str]) -> list[list[str]]:
    """Close each day; return the ids of the appointments that each edit has orphaned."""
    with load.connection_to(url) as connection:
        return [
            _orphaned(connection, f"{path}/{day}", headers) for day in _at_the_same_moment(ready)
        ]


def _orphaned(connection: HTTPConnection, path: str, headers: dict[str, str]) -> list[str]:
    connection.request("PUT", path, b'{"windows": []}', headers)
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    assert response.status == 200, answer
    return [appointment["id"] for appointment in answer["effects"]["orphaned"]]


def test_either_sees_the_other(service: Server, database_url: str) -> None:
    """Of a booking and an edit that closes its day, the later one sees the earlier one.

    The booking is refused, or the edit lists the booking.
    """
    with load.database_of(database_url) as database:
        headers = bearer(make_key(database, ADMIN).text) | {"Content-Type": "application/json"}
        with database.read() as session:
            doctor_id = session.scalars(select(Doctor.id).where(Doctor.name == load.DOCTOR)).one()
    path = f"/v1/doctors/{doctor_id}/overrides"
    ready = Barrier(2, timeout=load.PATIENCE)
    with ThreadPoolExecutor() as pool:
        booking = pool.submit(_book, service.url, ready)
        editing = pool.submit(_close, service.url, ready, path, headers)
        booked, orphaned = booking.result(), editing.result()
    assert orphaned == [[it] if it is not None else [] for it in booked]

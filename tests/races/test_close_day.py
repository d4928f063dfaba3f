"""Two doctors of one specialty fall ill, and patients book with them, at the same moment."""

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

from sqlalchemy import select, update

from calendula import clock
from calendula.access.roles import ADMIN
from calendula.doctors.models import Doctor
from support import load
from support.access import bearer, make_key
from support.clinic import MEI, RAJESH
from support.load import Booking
from support.servers import Server

ROUNDS = 40
DOCTORS = (RAJESH, MEI)
LABELS = load.LABELS[:2]
JITTER = 0.04  # seconds; about as long as any takes, so that each is first now and then


def _days() -> list[date]:
    """Return dates ahead, with one between them to which appointments can be moved."""
    first = clock.now().date() + timedelta(days=2)
    return [first + timedelta(days=2 * number) for number in range(ROUNDS)]


def _at_the_same_moment(ready: Barrier) -> Iterator[date]:
    for day in _days():
        ready.wait()
        time.sleep(random.random() * JITTER)  # noqa: S311 - it hides nothing
        yield day


def _book(url: str, ready: Barrier, doctor: str, label: str) -> list[str | None]:
    """Book a slot on each day; return the ids of the appointments, None where it was refused."""
    with load.connection_to(url) as connection:
        answers = [
            load.book(connection, Booking(day, label, doctor=doctor))
            for day in _at_the_same_moment(ready)
        ]
    assert {answer.status for answer in answers} <= {201, 409}
    return [answer.members.get("appointment_id") for answer in answers]


def _close(url: str, ready: Barrier, path: str, headers: dict[str, str]) -> list[set[str]]:
    """Close each day; return the ids of the appointments that each answer reports as moved."""
    return [
        {it["appointment"]["id"] for it in answer["outcomes"] if it["outcome"] == "moved"}
        for answer in _answers(url, ready, path, headers)
    ]


def _answers(url: str, ready: Barrier, path: str, headers: dict[str, str]) -> Iterator[Any]:
    with load.connection_to(url) as connection:
        for day in _at_the_same_moment(ready):
            body = {"date": str(day), "action": "move", "to": "specialty"}
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            assert response.status == 200, answer
            yield answer


def test_nobody_is_forgotten(service: Server, database_url: str) -> None:
    """A booking of a date that is being closed is moved and reported, or refused; none is lost.

    The two who close at once move patients to each other, and neither is locked out.
    """
    with load.database_of(database_url) as database:
        headers = bearer(make_key(database, ADMIN).text) | {"Content-Type": "application/json"}
        theirs = update(Doctor).where(Doctor.name.in_(DOCTORS)).values(specialty_key="cardiology")
        with database.write() as session:
            session.execute(theirs)
            ids = session.scalars(select(Doctor.id).where(Doctor.name.in_(DOCTORS))).all()
    who = [(doctor, label) for doctor in DOCTORS for label in LABELS]
    ready = Barrier(len(ids) + len(who), timeout=load.PATIENCE)
    with ThreadPoolExecutor(len(ids) + len(who)) as pool:
        bookings = [pool.submit(_book, service.url, ready, *it) for it in who]
        closings = [
            pool.submit(_close, service.url, ready, f"/v1/doctors/{it}/close-day", headers)
            for it in ids
        ]
        booked = [{it for it in each if it} for each in zip(*_results(bookings), strict=True)]
        moved = [set().union(*each) for each in zip(*_results(closings), strict=True)]
    assert moved == booked
    held = load.held(database_url)
    assert {str(it.id) for it in held} == set().union(*booked)
    assert [it for it in held if it.date in _days()] == []
    assert load.double_bookings(database_url) == []


def _results(futures: list[Any]) -> list[Any]:
    return [future.result() for future in futures]

"""Requests to a served clinic at one moment, each on a connection of its own."""

import json
import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import combinations
from threading import Barrier
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from calendula.access.roles import ADMIN
from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING
from calendula.database import Database
from calendula.doctors.models import Doctor
from support import load
from support.access import bearer, make_key
from support.load import Answer

RAJESH, MEI = load.DOCTOR, "Dr. Mei Chen"
_JITTER = 0.004  # seconds; so that each is first now and then


class Request(NamedTuple):
    """What is sent."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = {}


class Rivals:
    """A clinic with a key of its admin, and what can be asked of it."""

    def __init__(self, url: str, database: Database) -> None:
        self.url = url
        self.database = database
        self.staff = bearer(make_key(database, ADMIN).text)
        with database.read() as session:
            names = session.execute(select(Doctor.name, Doctor.id))
            self.doctors = {name: str(doctor_id) for name, doctor_id in names}

    def wish(self, number: int, hour: int, doctor: str = RAJESH) -> dict[str, Any]:
        """Return which slot is wanted: the one at this hour on the date of this number."""
        start = f"{load.day(number)}T{hour:02}:00:00Z"
        return {"doctor_id": self.doctors[doctor], "start": start}

    def booking(self, wish: Mapping[str, Any], patient: int = 0, **more: str) -> Request:
        """Return a booking of a slot."""
        who = {"identifier": f"P-{patient}", "name": f"Patient {patient}"}
        return Request("POST", "/v1/appointments", {**wish, "patient": who, **more})

    def move(self, appointment_id: str, wish: Mapping[str, Any]) -> Request:
        """Return a move by the staff."""
        return Request("POST", f"/v1/appointments/{appointment_id}/move", wish, self.staff)

    def cancel(self, appointment_id: str) -> Request:
        """Return a cancellation by the staff."""
        return Request("POST", f"/v1/appointments/{appointment_id}/cancel", {}, self.staff)

    def made(self, request: Request) -> dict[str, Any]:
        """Send a request that nobody contends; return what it made."""
        (answer,) = self.race([request])
        assert answer.status == 201, answer.body
        return answer.members

    def race(self, requests: Sequence[Request], *, insist: str | None = None) -> list[Answer]:
        """Send all requests at one moment, each from a thread of its own; return their answers.

        What is refused with the code `insist` is sent again, until it is not.
        """
        ready = Barrier(len(requests), timeout=load.PATIENCE)

        def run(request: Request) -> Answer:
            with load.connection_to(self.url) as connection:
                connection.connect()
                ready.wait()
                time.sleep(random.random() * _JITTER)  # noqa: S311 - it hides nothing
                while True:
                    answer = _send(connection, request)
                    if not insist or code(answer) != insist:
                        return answer

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(run, requests))

    def row(self, appointment_id: str) -> Appointment:
        """Return an appointment as it is stored."""
        with self.database.read() as session:
            return session.get_one(Appointment, UUID(appointment_id))

    def held(self, number: int) -> list[Appointment]:
        """Return what holds its time on the date of this number, of which nothing overlaps."""
        query = select(Appointment).where(
            Appointment.date == load.day(number), Appointment.status.in_(HOLDING)
        )
        with self.database.read() as session:
            rows = list(session.scalars(query.order_by(Appointment.starts_at)))
        for one, other in combinations(rows, 2):
            assert one.doctor_id != other.doctor_id or one.occupied_until <= other.occupied_from
        return rows


def code(answer: Answer) -> str:
    """Return the code of a refusal, and the status of anything else."""
    return str(answer.members["code"]) if answer.status >= 400 else str(answer.status)


def _send(connection: HTTPConnection, request: Request) -> Answer:
    body = None if request.body is None else json.dumps(request.body).encode()
    headers = {"Content-Type": "application/json", **request.headers}
    connection.request(request.method, request.path, body, headers)
    response = connection.getresponse()
    return Answer(response.status, response.read(), replayed=False)

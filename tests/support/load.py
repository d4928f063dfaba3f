"""Clients that book at the same moment, and what the database holds afterwards."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, text

from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.settings import Settings
from support import servers

PATIENCE = 30.0  # seconds
DOCTOR = "Dr. Rajesh Kumar"
TAKEN = "Time slot already booked! Choose another slot."
LABELS = (
    "9:00 AM - 9:30 AM",
    "9:30 AM - 10:00 AM",
    "10:00 AM - 10:30 AM",
    "10:30 AM - 11:00 AM",
    "11:00 AM - 11:30 AM",
    "11:30 AM - 12:00 PM",
    "2:00 PM - 2:30 PM",
    "2:30 PM - 3:00 PM",
)
# What overlapping hours offer besides: each of these overlaps its neighbours, and no other.
CHAIN = ("9:00 AM - 9:30 AM", "9:05 AM - 9:35 AM", "9:30 AM - 10:00 AM", "9:35 AM - 10:05 AM")
_OVERLAPPING_HOURS = text(
    "INSERT INTO weekly_hours (doctor_id, weekday, start_minute, end_minute, slot_minutes)"
    " SELECT doctor_id, weekday, 545, 725, 30 FROM weekly_hours WHERE start_minute = 540"
)
_FIRST_DAY = date(2025, 2, 7)
_HOLDS_NOTHING = ("cancelled", "entered-in-error")


class Booking(NamedTuple):
    """A slot that a patient wants."""

    day: date
    label: str
    patient: int = 0
    doctor: str = DOCTOR

    @property
    def key(self) -> str:
        """An Idempotency-Key that no other slot has: a plain one, which books with others."""
        return f"{self.day}.{LABELS.index(self.label)}"

    def body(self) -> bytes:
        """Return the body of the request."""
        return json.dumps(
            {
                "patient_id": f"P-{self.patient}",
                "patient_name": f"Patient {self.patient}",
                "doctor_name": self.doctor,
                "time_slot": self.label,
                "date": self.day.isoformat(),
            }
        ).encode()


class Answer(NamedTuple):
    """What the service answered."""

    status: int
    body: bytes
    replayed: bool

    @property
    def members(self) -> dict[str, Any]:
        """The members of the JSON object."""
        members: dict[str, Any] = json.loads(self.body)
        return members


class Held(NamedTuple):
    """An appointment that keeps others out of its time."""

    id: UUID
    doctor_id: UUID
    date: date
    slot: str
    starts_at: datetime
    ends_at: datetime
    status: str


def day(number: int) -> date:
    """Return the date of this number, each number another one."""
    return _FIRST_DAY + timedelta(days=number)


def slot(number: int) -> Booking:
    """Return a booking of the slot of this number, each number another one."""
    days, label = divmod(number, len(LABELS))
    return Booking(day(days), LABELS[label])


def same_slot(number: int, clients: int) -> list[Booking]:
    """Return bookings of the slot of this number, each for another patient."""
    return [slot(number)._replace(patient=patient) for patient in range(clients)]


def chain(number: int, clients: int) -> list[Booking]:
    """Return bookings of overlapping slots on the day of this number, each for another patient."""
    return [
        Booking(day(number), CHAIN[patient % len(CHAIN)], patient) for patient in range(clients)
    ]


@contextmanager
def service(folder: Path, database_url: str) -> Iterator[servers.Server]:
    """Run an open clinic with as many workers as its database lets compete."""
    environment = {"CALENDULA_DATABASE_URL": database_url, "CALENDULA_OPEN_CLINIC": "true"}
    workers = 1 if database_url.startswith("sqlite") else 2
    with servers.running(folder, environment, workers=workers) as server:
        yield server


def database_of(database_url: str) -> closing[Database]:
    """Return a database of this URL, with connections of its own, for the length of a block."""
    return closing(Database.from_settings(Settings(database_url=database_url)))


def connection_to(url: str) -> closing[HTTPConnection]:
    """Return a connection to a service for the length of a block; it is opened when first used."""
    return closing(HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE))


def book(connection: HTTPConnection, booking: Booking, key: str | None = None) -> Answer:
    """Ask for a slot, and read the answer."""
    send(connection, booking, key)
    return receive(connection)


def send(connection: HTTPConnection, booking: Booking, key: str | None = None) -> None:
    """Ask for a slot, and do not wait for the answer."""
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    connection.request("POST", "/book_appointment", booking.body(), headers)


def receive(connection: HTTPConnection) -> Answer:
    """Read the answer to what was sent."""
    response = connection.getresponse()
    replayed = response.getheader("Idempotency-Replayed") == "true"
    return Answer(response.status, response.read(), replayed)


def all_at_once(url: str, bookings: Sequence[Booking], key: str | None = None) -> list[Answer]:
    """Send every booking on a connection of its own, all at one moment; return their answers."""
    ready = Barrier(len(bookings), timeout=PATIENCE)

    def send(booking: Booking) -> Answer:
        with connection_to(url) as connection:
            connection.connect()
            ready.wait()
            return book(connection, booking, key)

    with ThreadPoolExecutor(len(bookings)) as pool:
        return list(pool.map(send, bookings))


def offer_overlaps(database_url: str) -> None:
    """Give every doctor hours that overlap: only whoever writes past the service can."""
    with database_of(database_url) as database, database.write() as session:
        session.execute(_OVERLAPPING_HOURS)


def held(database_url: str) -> list[Held]:
    """Return the appointments that hold their time."""
    columns = (getattr(Appointment, field) for field in Held._fields)
    query = select(*columns).where(Appointment.status.not_in(_HOLDS_NOTHING))
    with database_of(database_url) as database, database.read() as session:
        return [Held(*row) for row in session.execute(query)]


def double_bookings(database_url: str) -> list[tuple[Held, Held]]:
    """Return pairs of one doctor's appointments that share a slot or a moment."""
    appointments = held(database_url)
    by_slot = sorted(appointments, key=_slot)
    by_start = sorted(appointments, key=lambda it: (it.doctor_id, it.starts_at))
    sharing = [pair for pair in pairwise(by_slot) if _slot(pair[0]) == _slot(pair[1])]
    return sharing + [pair for pair in pairwise(by_start) if _overlap(*pair)]


def _slot(appointment: Held) -> tuple[UUID, date, str]:
    return appointment.doctor_id, appointment.date, appointment.slot


def _overlap(first: Held, second: Held) -> bool:
    return first.doctor_id == second.doctor_id and second.starts_at < first.ends_at

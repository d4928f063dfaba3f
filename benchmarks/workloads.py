"""What is asked for: the request of each number. Only the standard library: it starts fast."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

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
REPEATED = 100  # doctor-days that are looked up over and over
CONTENDED_AFTER = 5_000  # days: later than any slot that is booked without a rival
_SPREAD = 7_919  # a prime: steps over the doctor-days without meeting one twice
_DAYS = 10_000


@dataclass(frozen=True, slots=True)
class Ground:
    """Over which doctors and dates the requests go."""

    first: date
    doctors: int = 100
    days: int = _DAYS
    """How many days of these doctors are looked at."""
    booked: int | None = None
    """How many doctors are booked, if not the same."""
    slots: tuple[int, ...] = tuple(range(len(LABELS)))
    """Which slots of a day are booked."""

    def day(self, number: int) -> str:
        """Return the date that is this many days after the first."""
        return (self.first + timedelta(days=number)).isoformat()


Make = Callable[[Ground, int, int], bytes]
"""Makes a request of its turn, and of the client whose turn it is."""


def request(line: str, body: bytes = b"", header: str = "") -> bytes:
    """Return a request as it goes over the wire."""
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{kind}{header}\r\n".encode() + body


def doctor(number: int) -> str:
    """Return the name of the doctor of this number."""
    return f"Dr. {number}"


def _booking(ground: Ground, number: int, days_later: int, patient: str, header: str = "") -> bytes:
    rest, by = divmod(number, ground.booked or ground.doctors)
    day, slot = divmod(rest, len(ground.slots))
    body = {
        "patient_id": patient,
        "patient_name": f"Patient {patient}",
        "doctor_name": doctor(by),
        "time_slot": LABELS[ground.slots[slot]],
        "date": ground.day(day + days_later),
    }
    return request("POST /book_appointment", json.dumps(body).encode(), header)


def _distinct(ground: Ground, number: int, _turn: int) -> bytes:
    return _booking(ground, number, 0, str(number))


def _keyed(ground: Ground, number: int, _turn: int) -> bytes:
    return _booking(ground, number, 0, str(number), f"Idempotency-Key: bench-{number}\r\n")


def _contended(ground: Ground, number: int, turn: int) -> bytes:
    return _booking(ground, turn, CONTENDED_AFTER, str(number))


def _lookup(ground: Ground, number: int, spelling: int = 0) -> bytes:
    day, by = divmod(number, ground.doctors)
    query = f"doctor_name={_spelled(doctor(by), spelling)}&date={ground.day(day)}"
    return request(f"GET /available_slots?{query}")


def _spelled(text: str, number: int) -> str:
    """Return one of the ways to write a text in a URL: no answer to another is kept for it."""
    return "".join(
        f"%{ord(char):02X}" if number >> place & 1 else quote(char)
        for place, char in enumerate(text)
    )


def _random(ground: Ground, number: int, _turn: int) -> bytes:
    again, place = divmod(number * _SPREAD, ground.doctors * ground.days)
    return _lookup(ground, place, again // _SPREAD)


def _repeated(ground: Ground, number: int, _turn: int) -> bytes:
    return _lookup(ground, number % REPEATED)


WORKLOADS: dict[str, tuple[Make, frozenset[int]]] = {
    "distinct": (_distinct, frozenset({201})),
    "keyed": (_keyed, frozenset({201})),
    "contended": (_contended, frozenset({201, 409})),
    "random": (_random, frozenset({200})),
    "repeated": (_repeated, frozenset({200})),
}
"""Each with the statuses that may answer it."""

"""What people do at a clinic, mixed by chance, and what each answer must be: for the soak."""

import json
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPResponse
from threading import Event, Lock
from typing import Any, NamedTuple
from urllib.parse import quote

from calendula.access import sessions
from support.load import LABELS

_STARTS = ("09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "14:00", "14:30")
_DAYS = 90
_KEPT = 300  # bookings that stay; then one is cancelled for each that comes
_STREAMS = 3  # of each visitor, before the oldest is dropped
_PATIENCE = 30.0  # seconds
_PAUSE = 0.02  # seconds between two visits


class WrongError(Exception):
    """The service answered what it must not."""


class Slot(NamedTuple):
    """A time of a doctor."""

    doctor: str
    """The name."""
    day: date
    number: int

    @property
    def start(self) -> str:
        """The instant: sample doctors are in UTC."""
        return f"{self.day}T{_STARTS[self.number]}:00+00:00"


class Own(NamedTuple):
    """An appointment, and the header that opens it."""

    slot: Slot
    id: str
    token: str


@dataclass
class Ledger:
    """What the visitors of one service know together."""

    port: int
    key: str
    """Of an admin, for the desk."""
    first_day: date
    doctors: dict[str, str] = field(default_factory=dict)
    """Their ids by their names."""
    held: set[Slot] = field(default_factory=set)
    kept: deque[Own] = field(default_factory=deque)
    requests: Counter[int] = field(default_factory=Counter)
    """By status."""
    faults: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def won(self, own: Own) -> None:
        """Note a booking that was confirmed."""
        with self.lock:
            if own.slot in self.held:
                raise WrongError(f"{own.slot} was booked twice")
            self.held.add(own.slot)

    def left(self, slot: Slot) -> None:
        """Note, before it is asked for, that a slot may come free."""
        with self.lock:
            self.held.discard(slot)


class Visitor:
    """Somebody after somebody else, each from another address, until it is over."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self._ledger = ledger
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._connection = HTTPConnection("127.0.0.1", ledger.port, timeout=_PATIENCE)
        self._address = ""
        self._streams: deque[tuple[HTTPConnection, HTTPResponse]] = deque()
        self._kinds: dict[Callable[[], None], int] = {
            self._look_up: 30,
            self._book: 30,
            self._hold: 10,
            self._search: 10,
            self._see_pages: 6,
            self._work_at_desk: 4,
            self._follow: 10,
        }

    def run(self) -> None:
        """Visit until it is over; a wrong answer is noted, and the next visit begins anew."""
        while not self._ledger.over.is_set():
            self._address = ".".join(str(self._chance.randrange(1, 255)) for _ in range(4))
            (visit,) = self._chance.choices(list(self._kinds), list(self._kinds.values()))
            try:
                visit()
            except (WrongError, OSError, ValueError) as error:
                self._ledger.faults.append(f"{visit.__name__}: {type(error).__name__}: {error}")
                self._connection.close()
            self._ledger.over.wait(_PAUSE)
        for connection, response in self._streams:
            response.close()
            connection.close()
        self._connection.close()

    def _ask(
        self, method: str, path: str, body: Any = None, *allowed: int, **headers: str
    ) -> tuple[int, Any]:
        """Return status and body of an answer, which must be one of those that are allowed."""
        sent = {
            "X-Forwarded-For": self._address,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        if body is not None and "Content-Type" not in sent:
            sent["Content-Type"] = "application/json"
            body = json.dumps(body)
        self._connection.request(method, path, body, sent)
        response = self._connection.getresponse()
        answer = response.read()
        self._ledger.requests[response.status] += 1
        if response.status not in (allowed or (200,)):
            raise WrongError(f"{method} {path}: {response.status} {answer[:300]!r}")
        kind = response.headers.get_content_type()
        if answer and kind.endswith("json"):
            return response.status, json.loads(answer)
        return response.status, response.headers

    def _slot(self) -> Slot:
        day = self._ledger.first_day + timedelta(days=self._chance.randrange(_DAYS))
        return Slot(self._chance.choice(list(self._ledger.doctors)), day, self._chance.randrange(8))

    def _look_up(self) -> None:
        slot = self._slot()
        path = f"/available_slots?doctor_name={quote(slot.doctor)}&date={slot.day}"
        _, found = self._ask("GET", path)
        free = found["available_slots"]
        if free != [label for label in LABELS if label in free]:
            raise WrongError(f"{path}: {free}")

    def _book(self) -> None:
        slot, key = self._slot(), self._chance.randbytes(16).hex()
        body = {
            "patient_id": key,
            "patient_name": "Somebody New",
            "doctor_name": slot.doctor,
            "time_slot": LABELS[slot.number],
            "date": str(slot.day),
        }
        status, made = self._ask("POST", "/book_appointment", body, 201, 409, Idempotency_Key=key)
        if status == 201:  # noqa: PLR2004 - created
            own = Own(slot, made["appointment_id"], f"Bearer {made['manage_token']}")
            self._ledger.won(own)
            _, again = self._ask("POST", "/book_appointment", body, 201, Idempotency_Key=key)
            if again != made:
                raise WrongError("a retry was told something else")
            self._live_with(own)

    def _live_with(self, own: Own) -> None:
        """Move some appointments, keep a few of them, and cancel the others."""
        if self._chance.random() < 0.3:  # noqa: PLR2004 - a chance
            own = self._move(own)
        if self._chance.random() < 0.2:  # noqa: PLR2004 - as above
            with self._ledger.lock:
                self._ledger.kept.append(own)
                full = len(self._ledger.kept) > _KEPT
                own = self._ledger.kept.popleft() if full else own
            if not full:
                return
        self._ledger.left(own.slot)
        path = f"/v1/appointments/{own.id}/cancel"
        _, seen = self._ask("POST", path, {}, Authorization=own.token)
        if seen["status"] != "cancelled":
            raise WrongError(f"{path}: {seen['status']}")

    def _move(self, own: Own) -> Own:
        there = self._slot()._replace(doctor=own.slot.doctor)
        path = f"/v1/appointments/{own.id}/move"
        self._ledger.left(own.slot)
        status, _ = self._ask(
            "POST", path, {"start": there.start}, 200, 409, Authorization=own.token
        )
        moved = own._replace(slot=there) if status == 200 else own  # noqa: PLR2004 - moved
        self._ledger.won(moved)
        return moved

    def _hold(self) -> None:
        slot = self._slot()
        wish = {"doctor_id": self._ledger.doctors[slot.doctor], "start": slot.start}
        status, hold = self._ask("POST", "/v1/holds", wish, 201, 409)
        if status == 409:  # noqa: PLR2004 - taken
            return
        if self._chance.random() < 0.5:  # noqa: PLR2004 - a chance
            path = f"/v1/holds/{hold['id']}"
            self._ask("DELETE", path, None, 204, Authorization=f"Bearer {hold['token']}")
            return
        who = {"name": "Somebody Else", "email": f"{self._chance.randbytes(8).hex()}@example.org"}
        _, made = self._ask(
            "POST", "/v1/appointments", {**wish, "patient": who, "hold": hold["token"]}, 201
        )
        own = Own(slot, made["id"], f"Bearer {made['manage_token']}")
        self._ledger.won(own)
        self._live_with(own)

    def _search(self) -> None:
        part = self._chance.choice(["morning", "afternoon"])
        self._ask("GET", f"/v1/slots/search?part_of_day={part}&limit=5")
        slot = self._slot()
        doctor = self._ledger.doctors[slot.doctor]
        self._ask("GET", f"/v1/doctors/{doctor}/slots?from={slot.day}&to={slot.day}")
        self._ask("GET", f"/v1/doctors/{doctor}/slots/next?count=3")

    def _see_pages(self) -> None:
        self._ask("GET", "/")
        self._ask("GET", f"/doctors/{self._ledger.doctors[self._slot().doctor]}")

    def _work_at_desk(self) -> None:
        form = f"key={self._ledger.key}"
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        _, headers = self._ask("POST", "/desk/sign-in", form, 303, **kind)
        cookies = (it.partition(";")[0] for it in headers.get_all("Set-Cookie"))
        cookie = next(it for it in cookies if it.startswith(sessions.COOKIE))
        for page in "", "/week", "/doctors", "/board":
            self._ask("GET", f"/desk{page}", Cookie=cookie)

    def _follow(self) -> None:
        """Open a page that is kept up to date; the oldest one is closed without a word."""
        connection = HTTPConnection("127.0.0.1", self._ledger.port, timeout=_PATIENCE)
        doctor = self._ledger.doctors[self._slot().doctor]
        connection.request("GET", f"/live?doctor={doctor}")
        response = connection.getresponse()
        self._ledger.requests[response.status] += 1
        self._streams.append((connection, response))
        if response.status != 200 or not response.readline():  # noqa: PLR2004 - OK
            raise WrongError(f"/live: {response.status}")
        while len(self._streams) > _STREAMS:
            connection, response = self._streams.popleft()
            response.close()
            connection.close()

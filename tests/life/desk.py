"""A clinic that is really asked, beside the model of it; each answer is compared at once."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING
from calendula.database import Database
from calendula.settings import Settings
from calendula.timetables import service as timetables
from life.model import Clinic, Entry
from life.outcomes import Refused
from life.timetables import Span, Visit
from support.access import bearer, make_key
from support.clinic import every_day, window

Done = TypeVar("Done")
FIRST_DAY = date(2031, 3, 3)
DAYS = [FIRST_DAY + timedelta(days=number) for number in range(3)]
OPENING = datetime(2031, 3, 3, 3, tzinfo=UTC)
"""Half an hour before the first slot, which is in Kolkata."""
ZONES = {"Dr. Ada": ZoneInfo("Asia/Kolkata"), "Dr. Ben": ZoneInfo("UTC")}
HOLD_MINUTES = 5
HOLDS = {"staff": 3, "": 2}
"""How many times the staff's key and the public may hold at once."""
_UNLIMITED: dict[str, Any] = {
    "rate_requests": 0,
    "rate_changes": 0,
    "rate_failures": 0,
    "slots_per_client": 0,
    "slots_per_client_and_day": 0,
    "slots_per_contact": 0,
}
"""How often somebody asks, and how much they take, the model does not count."""


class Hands:
    """The hands of the service's clock."""

    def __init__(self) -> None:
        self.at = OPENING

    def now(self) -> datetime:
        """Return what the clock shows."""
        return self.at


class Sent(NamedTuple):
    """A request with a key, and what it was answered."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    answer: dict[str, Any]
    entry: Entry


class Desk:
    """A closed clinic with two doctors and two kinds of visit, on a database of its own."""

    def __init__(self, database_url: str, hands: Hands) -> None:
        hands.at = OPENING
        self.hands = hands
        self.closing = ExitStack()
        settings = Settings(
            database_url=database_url,
            open_clinic=False,
            hold_minutes=HOLD_MINUTES,
            holds_per_client=HOLDS[""],
            holds_per_key=HOLDS["staff"],
            token_days=1,
            **_UNLIMITED,
            pool_timeout=60,  # a machine that is busy is no news
            lock_timeout=60,
            statement_timeout=60,
        )
        self.database = Database.from_settings(settings)
        self.closing.callback(self.database.close)
        self.client = self.closing.enter_context(TestClient(create_app(settings)))
        self.staff = bearer(make_key(self.database, ADMIN).text)
        self.names = {self._add_doctor(name): name for name in ZONES}
        self.doctors = list(self.names)
        long = self._add_visit("Long", 45, 10, 5)
        self.visits = [None, None, long, self._add_visit("Short", 20)]
        zones = {doctor: ZONES[name] for doctor, name in self.names.items()}
        self.clinic = Clinic(zones, OPENING, timedelta(days=1))
        self.sent: list[Sent] = []
        self.keys = 0

    def agree(
        self,
        predict: Callable[[], Done],
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        ok: int = 200,
    ) -> tuple[Any, Done | None]:
        """Send a request; return what it gave and what was predicted, None where it is refused.

        The status, and the code of a refusal, must be what the model says.
        """
        done = None
        expected: tuple[int, str | None] = ok, None
        try:
            done = predict()
        except Refused as refused:
            expected = (refused.status, refused.code)
        answer = self.client.request(method, path, json=body, headers=headers)
        given = answer.json() if answer.content else {}
        got = (answer.status_code, given.get("code") if answer.is_error else None)
        assert got == expected, f"{method} {path} {body}: {answer.text}, and not {expected}"
        return (None, None) if expected[1] else (given, done)

    def create(
        self,
        predict: Callable[[], Entry],
        path: str,
        body: dict[str, Any],
        headers: dict[str, str],
        *,
        keyed: bool,
    ) -> None:
        """Book or hold; remember the entry's id and token, and its patient's id."""
        if keyed:
            self.keys += 1
            headers = {**headers, "Idempotency-Key": f"key-{self.keys}"}
        given, entry = self.agree(predict, "POST", path, body, headers, 201)
        if entry is None:
            return
        entry.id = given.get("id") or given["appointment_id"]
        self.clinic.give(given.get("token") or given["manage_token"], entry)
        if entry not in self.clinic.entries:
            self.clinic.entries.append(entry)
        if entry.patient is not None and not entry.patient.id:
            read = self.client.get(f"/v1/appointments/{entry.id}", headers=self.staff)
            entry.patient.id = read.json()["patient_id"]
        if keyed:
            self.sent.append(Sent(path, body, headers, given, entry))

    def check_list(self) -> None:
        """See that the staff's list is the model's."""
        answer = self.client.get("/v1/appointments", params={"limit": 200}, headers=self.staff)
        names = ("id", "doctor_id", "patient_id", "start", "status", "sequence")
        more = ("orphaned", "overridden", "visit_type_id")
        listed = {tuple(it[name] for name in names + more) for it in answer.json()["items"]}
        assert listed == {_written(it) for it in self.clinic.entries if it.patient}

    def check_slots(self, step: int) -> None:
        """See that what is free is what the model says: each doctor and each visit in turn."""
        doctor, visit = self.doctors[step % 2], self.visits[step % 3 + 1]
        asked = {"from": DAYS[0].isoformat(), "to": DAYS[-1].isoformat()}
        if visit:
            asked["visit_type"] = visit.id
        answer = self.client.get(f"/v1/doctors/{doctor}/slots", params=asked).json()
        free = {it["date"]: [_read(at["start"]) for at in it["slots"]] for it in answer["dates"]}
        assert free == {str(day): self.clinic.free(doctor, day, visit) for day in DAYS}

    def check_table(self) -> None:
        """See that no two rows that hold their time overlap, and that they are the model's."""
        assert self.clinic.double() == []
        with self.database.write() as session:
            query = select(Appointment).where(Appointment.status.in_(HOLDING))
            rows = session.scalars(query.order_by(Appointment.occupied_from)).all()
        ends: dict[str, datetime] = {}
        for row in rows:
            doctor = str(row.doctor_id)
            assert ends.get(doctor, OPENING - timedelta(days=9)) <= row.occupied_from
            ends[doctor] = row.occupied_until
        now = self.hands.at
        held = {
            (str(it.id), str(it.doctor_id), it.occupied_from, it.occupied_until)
            for it in rows
            if it.expires_at is None or now < it.expires_at
        }
        live = [it for it in self.clinic.entries if self.clinic.live(it)]
        assert held == {(it.id, it.doctor, *it.occupied) for it in live}

    def close(self) -> None:
        """Leave, after a look whether the log of events is whole, if the service has one to ask."""
        with self.closing, suppress(ModuleNotFoundError), self.database.write() as session:
            verdict = import_module("calendula.audit.verify").verify(session)
            assert verdict.faults == []

    def _add_doctor(self, name: str) -> str:
        with self.database.write() as session:
            zone = str(ZONES[name])
            doctor = timetables.add_doctor(session, name, time_zone=zone, actor="test")
        hours = every_day(window("09:00", "11:00"))
        path = f"/v1/doctors/{doctor.id}/hours"
        answer = self.client.put(path, json=hours, headers=self.staff)
        assert answer.status_code == 200, answer.text
        return str(doctor.id)

    def _add_visit(self, name: str, length: int, before: int = 0, after: int = 0) -> Visit:
        body = {
            "name": name,
            "duration_minutes": length,
            "buffer_before_minutes": before,
            "buffer_after_minutes": after,
        }
        answer = self.client.post("/v1/visit-types", json=body, headers=self.staff)
        assert answer.status_code == 201, answer.text
        return Visit(answer.json()["id"], length, before, after)


def effects(edited: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return the ids of those that an edit says it has orphaned and restored."""
    orphaned, restored = ({it["id"] for it in edited[name]} for name in ("orphaned", "restored"))
    return orphaned, restored


def span(clinic: Clinic, doctor: str, day: date, minute: int, length: int) -> Span:
    """Return a part of a doctor's date."""
    start = clinic.timetables.at(doctor, day, minute)
    return Span(start, start + timedelta(minutes=length))


def _written(entry: Entry) -> tuple[object, ...]:
    assert entry.patient is not None
    return (
        entry.id,
        entry.doctor,
        entry.patient.id,
        entry.time.start.isoformat().replace("+00:00", "Z"),
        entry.status.value,
        entry.sequence,
        entry.orphaned,
        entry.overridden,
        entry.visit.id if entry.visit else None,
    )


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, select

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.availability import service, together
from calendula.availability.together import Asked, Found
from calendula.database import Database
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.timetables.memory import Memory
from calendula.timetables.timetable import Visit

RAJESH, MEI = "dr. rajesh kumar", "dr. mei chen"
DAY = date(2099, 2, 6)


@pytest.fixture
def memory() -> Memory:
    """What a worker knows of timetables: nothing yet."""
    return Memory(10)


@pytest.fixture
def rajesh(admin: TestClient) -> str:
    """The path of Dr. Rajesh Kumar."""
    (doctor,) = admin.get("/v1/doctors", params={"name": "rajesh"}).json()["items"]
    return f"/v1/doctors/{doctor['id']}"


def _look(database: Database, memory: Memory, *asked: Asked, past: bool = True) -> list[Any]:
    with database.read() as session:
        return together.days_at(session, memory, asked, past=past)


def _one(database: Database, memory: Memory, day: date = DAY, *, past: bool = True) -> Found:
    (found,) = _look(database, memory, Asked(RAJESH, day), past=past)
    assert isinstance(found, Found)
    return found


def _book(client: TestClient, doctor: str, day: date, slot: str) -> None:
    booking = {
        "patient_id": "1",
        "patient_name": "Asha",
        "doctor_name": doctor,
        "time_slot": slot,
        "date": day.isoformat(),
    }
    assert client.post("/book_appointment", json=booking).status_code == 201


def test_many_dates_are_as_each_alone(
    client: TestClient, database: Database, memory: Memory
) -> None:
    """However many are asked for, each gets what `days` finds for it, in the order of asking."""
    days = [DAY + timedelta(days=n) for n in range(-2, 3)]
    for n, day in enumerate(days[:3]):
        for label in ["9:00 AM - 9:30 AM", "2:00 PM - 2:30 PM"][: n + 1]:
            _book(client, "Dr. Rajesh Kumar", day, label)
    _book(client, "Dr. Mei Chen", DAY, "11:30 AM - 12:00 PM")
    asked = [Asked(name, day) for day in days for name in (MEI, RAJESH)]
    found = _look(database, memory, *asked)
    with database.read() as session:
        for it, (whom, day, _) in zip(found, asked, strict=True):
            doctor = session.scalars(select(Doctor).where(Doctor.name_key == whom)).one()
            assert [it.day] == service.days(session, doctor, day, day, past=True)


@pytest.mark.parametrize("whom", ["dr. nobody", "by id"])
def test_who_is_not_there_is_not_found(database: Database, memory: Memory, whom: str) -> None:
    """Of a doctor who does not work here there is nothing, and the others are found."""
    unknown = Asked(new_id() if whom == "by id" else whom, DAY)
    found = _look(database, memory, unknown, Asked(RAJESH, DAY))
    assert found[0] is None
    assert len(found[1].day.free) == 8


@pytest.mark.parametrize(
    ("change", "free"),
    [
        (lambda staff, path: staff.put(f"{path}/overrides/{DAY}", json={"windows": []}), 0),
        (lambda staff, path: staff.put(f"{path}/policy", json={"horizon_days": 1}), 0),
        (
            lambda staff, _: staff.put(
                "/v1/clinic", json={"holidays": None, "policy": {"horizon_days": 1}}
            ),
            0,
        ),
        (
            lambda staff, path: staff.post(
                f"{path}/time-off",
                json={"start": f"{DAY}T00:00:00Z", "end": f"{DAY}T06:00:00Z"},
            ),
            3,
        ),
    ],
    ids=["override", "policy", "clinic", "time-off"],
)
def test_an_edit_is_seen_at_once(
    admin: TestClient, database: Database, memory: Memory, rajesh: str, change: Any, free: int
) -> None:
    """What is remembered of a timetable is not used when the timetable is another."""
    assert len(_one(database, memory).day.free) == 8
    assert change(admin, rajesh).status_code < 300
    assert len(_one(database, memory).day.free) == free


def test_who_was_renamed_or_left_is_not_found(
    admin: TestClient, database: Database, memory: Memory, rajesh: str
) -> None:
    """An old name finds nobody; nor does the name of somebody who sees no patients any more."""
    _one(database, memory)
    assert admin.patch(rajesh, json={"name": "Dr. Rajesh Kumar Singh"}).status_code == 200
    new = Asked("dr. rajesh kumar singh", DAY)
    old, found = _look(database, memory, Asked(RAJESH, DAY), new)
    assert old is None
    assert found.known.doctor.name == "Dr. Rajesh Kumar Singh"
    assert admin.post(f"{rajesh}/deactivate").status_code == 200
    assert _look(database, memory, new) == [None]


def test_an_answer_ends_when_the_clock_changes_it(
    admin: TestClient,
    database: Database,
    memory: Memory,
    rajesh: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next start, less the notice that it needs, ends an answer, if it is within the second."""
    start = _one(database, memory).day.free[0].start
    for minutes in None, 60:
        if minutes:
            admin.put(f"{rajesh}/policy", json={"minimum_notice_minutes": minutes})
        end = start - timedelta(minutes=minutes or 0)
        with monkeypatch.context() as patch:
            patch.setattr(clock, "now", lambda end=end: end - timedelta(milliseconds=300))
            assert _one(database, memory, past=False).until == end
            patch.setattr(clock, "now", lambda end=end: end - timedelta(hours=30))
            assert _one(database, memory, past=False).until == clock.now() + timedelta(seconds=1)


def test_a_hold_is_told_of_and_ends_an_answer(
    admin: TestClient,
    database: Database,
    memory: Memory,
    rajesh: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A time that is held is not free, and may be again when the hold ends."""
    first = _one(database, memory).day.free[0]
    hold = {"doctor_id": rajesh.rpartition("/")[2], "start": first.start.isoformat()}
    answer = admin.post("/v1/holds", json=hold)
    assert answer.status_code == 201
    found = _one(database, memory)
    assert first not in found.day.free
    assert [(it.start, it.end) for it in found.holds] == [(first.start, first.end)]
    end = datetime.fromisoformat(answer.json()["expires_at"])
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: end - timedelta(milliseconds=300))
        assert _one(database, memory).until == end
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert first in _one(database, memory).day.free


def test_only_so_many_doctors_are_remembered(admin: TestClient, database: Database) -> None:
    """Who is not remembered any more is learned again."""
    memory = Memory(2)
    for _ in range(2):
        for whom in RAJESH, MEI, "dr. amina yusuf":
            (found,) = _look(database, memory, Asked(whom, DAY))
            assert len(found.day.free) == 8


@pytest.mark.parametrize("day", [date.min, date(2025, 2, 9), date(2099, 2, 8), date.max])
def test_a_date_is_looked_at_for_some_days(
    admin: TestClient, database: Database, memory: Memory, rajesh: str, day: date
) -> None:
    """However far it is from today, and though it has no slots: all that was ever is too much."""
    assert admin.put(f"{rajesh}/overrides/{day}", json={"windows": []}).is_success
    asked: list[dict[str, Any]] = []

    def note(*about: Any) -> None:
        statement, given = about[2], about[3]
        if "appointment" in statement:
            rows = given["rows"] if isinstance(given, dict) else given[-1]
            asked.extend(json.loads(rows))

    event.listen(database.reader, "before_cursor_execute", note)
    assert _one(database, memory, day).day.free == []
    (row,) = asked
    length = datetime.fromisoformat(row["latest"]) - datetime.fromisoformat(row["earliest"])
    assert length <= timedelta(days=5)


def test_the_first_instant_is_found(client: TestClient, database: Database, memory: Memory) -> None:
    """What begins where the calendar does is taken as well."""
    day = date(1, 1, 3)
    _book(client, "Dr. Rajesh Kumar", day, "9:00 AM - 9:30 AM")
    with database.write() as session:
        (it,) = session.scalars(select(Appointment))
        it.starts_at = it.occupied_from = datetime.min.replace(tzinfo=UTC)
        it.ends_at = it.occupied_until = it.starts_at + timedelta(minutes=30)
    assert len(_one(database, memory, day).day.free) == 7


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_dates(database: Database, memory: Memory, day: date) -> None:
    """Where there is no day before, or none behind, there is nothing to look for in it."""
    assert _one(database, memory, day).day.date == day


@pytest.mark.parametrize(
    ("booked_in", "now_in", "label"),
    [
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", "12:00 AM - 12:30 AM"),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", "11:30 PM - 12:00 AM"),
    ],
)
def test_a_name_is_taken_however_far_its_time_has_moved(
    admin: TestClient,
    database: Database,
    memory: Memory,
    rajesh: str,
    booked_in: str,
    now_in: str,
    label: str,
) -> None:
    """What was booked at one end of a date is found by its name from the other end of the world."""
    whole = {"windows": [{"start": "00:00", "end": "24:00", "slot_minutes": 30}]}
    assert admin.put(f"{rajesh}/overrides/{DAY}", json=whole).is_success
    admin.patch(rajesh, json={"time_zone": booked_in})
    _book(admin, "Dr. Rajesh Kumar", DAY, label)
    with database.write() as session:
        (appointment,) = session.scalars(select(Appointment))
        appointment.occupied_from -= timedelta(hours=23)  # of the longest that there can be
    admin.patch(rajesh, json={"time_zone": now_in})
    labels = [slot.label for slot in _one(database, memory).day.free]
    assert len(labels) < 48
    assert label not in labels


@pytest.mark.parametrize(
    ("zone", "visit", "start", "end", "label"),
    [
        ("Pacific/Kiritimati", Visit(30, 22 * 60), -59.0, -35.5, "12:00 AM - 12:30 AM"),
        ("Pacific/Pago_Pago", Visit(30, 0, 22 * 60), 56.0, 57.0, "11:30 PM - 12:00 AM"),
    ],
    ids=["before", "after"],
)
def test_all_that_takes_a_visits_time_is_found(
    admin: TestClient,
    database: Database,
    memory: Memory,
    rajesh: str,
    zone: str,
    visit: Visit,
    start: float,
    end: float,
    label: str,
) -> None:
    """However far from the date in UTC it is; hours count from the date's midnight there."""
    whole = {"windows": [{"start": "00:00", "end": "24:00", "slot_minutes": 30}]}
    for offset in range(-2, 3):
        day = DAY + timedelta(days=offset)
        assert admin.put(f"{rajesh}/overrides/{day}", json=whole).is_success
    admin.patch(rajesh, json={"time_zone": zone})

    def labels() -> list[str]:
        (found,) = _look(database, memory, Asked(RAJESH, DAY, visit))
        return [slot.label for slot in found.day.free]

    assert label in labels()
    _book(admin, "Dr. Rajesh Kumar", DAY + timedelta(days=5), "9:00 AM - 9:30 AM")
    midnight = datetime.combine(DAY, time.min, UTC)
    with database.write() as session:
        (it,) = session.scalars(select(Appointment))
        it.starts_at = it.occupied_from = midnight + timedelta(hours=start)
        it.ends_at = it.occupied_until = midnight + timedelta(hours=end)
    assert label not in labels()

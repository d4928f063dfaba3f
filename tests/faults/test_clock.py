"""A clock that is stepped by an hour while the service runs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import select, update

from calendula.access.models import DeskSession
from calendula.access.roles import ADMIN
from calendula.appointments.models import Appointment
from calendula.doctors.models import Doctor
from support import commands, load, servers, stepped_clock
from support.access import cookie, make_key, make_session
from support.insisting import Insisting
from support.servers import Server
from support.waiting import wait_until

HOUR = 3600  # seconds
Step = Callable[[int], None]

STEPS = pytest.mark.parametrize("seconds", [HOUR, -HOUR], ids=["forward", "back"])


@pytest.fixture
def step(tmp_path: Path) -> Step:
    """Let the service's clock be so many seconds ahead."""

    def let(ahead: int) -> None:
        new = tmp_path / "clock.new"
        new.write_text(str(ahead))
        new.replace(tmp_path / "clock")

    let(0)
    return let


@pytest.fixture
def service(tmp_path: Path, database_url: str, step: Step) -> Iterator[Server]:
    """An open clinic whose clock can be stepped."""
    environment = {
        "CALENDULA_DATABASE_URL": database_url,
        "CALENDULA_OPEN_CLINIC": "true",
        "STEPPED_CLOCK": str(tmp_path / "clock"),
    }
    command = sys.executable, stepped_clock.__file__
    server = servers.start(tmp_path, environment, command=command)
    yield server
    server.kill()


@STEPS
def test_bookings_go_on(
    tmp_path: Path, service: Server, step: Step, database_url: str, seconds: int
) -> None:
    """Nobody is refused for a clock that is stepped, and the log of events stays whole."""
    with Insisting(service.url) as patients:
        patients.go_on()
        step(seconds)
        patients.go_on()
        step(0)
        patients.go_on()
    assert set(patients.told) <= {"201", "409"}
    patients.assert_kept(database_url)
    verified = commands.run(tmp_path, "audit", "verify", DATABASE_URL=database_url)
    assert verified.returncode == 0, verified.stdout


@STEPS
def test_an_answer_is_kept_for_a_moment(
    service: Server, step: Step, database_url: str, seconds: int
) -> None:
    """A lookup that is kept is looked up again soon, also where the clock was put back."""
    lookup = {"doctor_name": load.DOCTOR, "date": load.day(0).isoformat()}
    with load.connection_to(service.url) as client:
        assert load.book(client, load.slot(0)).status == 201
    with httpx.Client(base_url=service.url) as client, load.database_of(database_url) as database:
        for _ in range(3):  # found, kept, and given again
            assert load.LABELS[0] not in client.get("/available_slots", params=lookup).text
        step(seconds)
        with database.write() as session:  # by another program, which tells nobody
            session.execute(update(Appointment).values(status="cancelled"))
        wait_until(
            lambda: load.LABELS[0] in client.get("/available_slots", params=lookup).text, seconds=10
        )


@STEPS
def test_a_hold_is_never_two_patients(
    service: Server, step: Step, database_url: str, seconds: int
) -> None:
    """A hold ends early or late by a stepped clock, and its slot has one patient all the same."""
    with load.database_of(database_url) as database, database.read() as session:
        doctor = session.scalars(select(Doctor.id).where(Doctor.name == load.DOCTOR)).one()
    wish = {"doctor_id": str(doctor), "start": f"{load.day(0)}T09:00:00Z"}
    with httpx.Client(base_url=service.url) as client:
        token = client.post("/v1/holds", json=wish).json()["token"]
        step(seconds)
        other = client.post("/v1/appointments", json={**wish, "patient": {"name": "Ravi Verma"}})
        held = {**wish, "hold": token, "patient": {"name": "Asha Verma"}}
        own = client.post("/v1/appointments", json=held)
    assert sorted([other.status_code, own.status_code]) == [201, 409]
    assert other.status_code == (201 if seconds > 0 else 409)
    assert len(load.held(database_url)) == 1


def test_a_session_ends_by_the_clock_that_was_put_back(
    service: Server, step: Step, database_url: str
) -> None:
    """Where the clock was put back, half an hour without a click behind that is signed out."""
    with load.database_of(database_url) as database:
        headers = cookie(make_session(database, make_key(database, ADMIN).key))
        step(-HOUR)
        assert _desk(service, headers) == 200
        step(31 * 60 - HOUR)
        assert _desk(service, headers) != 200
        with database.read() as session:
            assert session.scalars(select(DeskSession.last_seen_at)).one() is not None


def _desk(service: Server, headers: dict[str, str]) -> int:
    return httpx.get(f"{service.url}/desk", headers=headers).status_code

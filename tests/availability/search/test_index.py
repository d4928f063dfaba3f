"""What a worker remembers of who may be free: it has its bounds, and its limits of patience."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from calendula import clock
from calendula.availability.search import index as module
from calendula.availability.search.index import Found, Index, Place
from calendula.availability.search.wish import Wish
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.errors import Unavailable
from calendula.timetables.memory import Memory
from support.booking import reserve
from support.clinic import DAY, horizon_to

WEEK = Wish(DAY, DAY + timedelta(days=6))


def _find(
    database: Database, index: Index, wish: Wish = WEEK, behind: Place | None = None
) -> Found:
    with database.read() as session:
        return index.find(session, wish, behind or Place.before(clock.now()), 100_000)


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked from now on."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def test_what_is_known_is_not_read_again(
    client: TestClient, database: Database, statements: list[str]
) -> None:
    """A second search reads the news alone: no appointments, no hours."""
    index = Index(Memory(100))
    first = _find(database, index)
    statements.clear()
    assert _find(database, index) == first
    assert len([it for it in statements if it.startswith("SELECT")]) <= 2
    assert not any("appointment" in it or "weekly_hours" in it for it in statements)


def test_a_booking_is_taken_from_the_log(
    client: TestClient, mei: str, database: Database, statements: list[str]
) -> None:
    """A booked slot is named no more, and no appointment is read to know it."""
    index = Index(Memory(100))
    before = _find(database, index).candidates
    start = next(it.start for it in before if str(it.doctor_id) == mei)
    assert reserve(client, mei, start.isoformat()).status_code == 201
    statements.clear()
    after = _find(database, index).candidates
    assert [it for it in before if it not in after] == [
        it for it in before if (it.start, str(it.doctor_id)) == (start, mei)
    ]
    assert not any("FROM appointment" in it for it in statements)


def test_what_it_keeps_has_a_bound(client: TestClient, database: Database) -> None:
    """However many days and kinds of visits are asked for, few are kept, and all are found."""
    index, tight = Index(Memory(100)), Index(Memory(100), most_bytes=10)
    wish = Wish(DAY, DAY + timedelta(days=80))
    assert _find(database, tight, wish) == _find(database, index, wish)
    assert len(tight._days) < len(index._days)  # noqa: SLF001 - what is kept is nobody else's


def test_who_reads_for_long_stops_and_goes_on(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where patience ends, a page tells behind which place to go on, and that leads to the end."""
    index = Index(Memory(100))
    wish = Wish(DAY, DAY + timedelta(days=80))
    whole = _find(database, Index(Memory(100)), wish).candidates
    monkeypatch.setattr(module, "_PATIENCE", 0)
    some = _find(database, index, wish)
    found, looks = some.candidates, 1
    while some.behind is not None:
        behind = some.behind
        some = _find(database, index, wish, behind)
        assert some.behind is None or some.behind > behind
        found += some.candidates
        looks += 1
    assert (found, looks > 1) == (whole, True)


def test_nobody_waits_for_long(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody else reads for long, a search is told to come again."""
    index = Index(Memory(100))
    monkeypatch.setattr(module, "_WAIT", 0.01)
    with ExitStack() as stack:
        stack.enter_context(index._alone())  # noqa: SLF001 - as who reads
        with pytest.raises(Unavailable):
            _find(database, index)
    assert _find(database, index).candidates


def test_far_behind_it_begins_anew(
    client: TestClient, mei: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where more has happened than is worth following, all is read anew, and is right."""
    index = Index(Memory(100))
    start = next(it.start for it in _find(database, index).candidates if str(it.doctor_id) == mei)
    monkeypatch.setattr(module, "_BEHIND", 1)
    assert reserve(client, mei, start.isoformat()).status_code == 201
    assert _find(database, index) == _find(database, Index(Memory(100)))


def test_a_policy_bounds_the_look(admin: TestClient, mei: str, database: Database) -> None:
    """Nobody looks behind the last day that any policy lets be booked."""
    answer = admin.put("/v1/clinic", json={"holidays": None, "policy": horizon_to(DAY)})
    assert answer.status_code == 200
    index = Index(Memory(100))
    found = _find(database, index, Wish(DAY, DAY + timedelta(days=300))).candidates
    assert {it.start.date() - DAY for it in found} <= {timedelta(0), timedelta(-1)}
    assert len(index._days) < 40  # noqa: SLF001 - what is kept is nobody else's


def test_an_old_transaction_hides_nothing(admin: TestClient, mei: str, database: Database) -> None:
    """Who began to read before a cancellation does not let others miss what came free."""
    index = Index(Memory(100))
    hers, theirs = replace(WEEK, words="mei"), replace(WEEK, words="rajesh")
    before = _find(database, index, hers)
    booked = reserve(admin, mei, before.candidates[0].start.isoformat()).json()
    assert _find(database, index, hers) != before
    with database.read() as session:
        doctors.by_id(session, UUID(mei))
        admin.post(f"/v1/appointments/{booked['id']}/cancel", json={})
        _find(database, index, theirs)
        index.find(session, hers, Place.before(clock.now()), 1)
    assert _find(database, index, hers) == before


def test_who_is_new_is_in_the_order_of_ids(
    admin: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose id comes before all others, as from a machine whose clock is behind."""
    index, first = Index(Memory(100)), UUID(int=1)
    _find(database, index)
    monkeypatch.setattr(doctors, "new_id", lambda: first)
    assert admin.post("/v1/doctors", json={"name": "Dr. Zora Quill"}).is_success
    found = _find(database, index)
    assert found.candidates[0].doctor_id == first
    assert found == _find(database, Index(Memory(100)))

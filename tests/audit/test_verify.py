"""Whoever changes the log behind the service's back is found out, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from calendula import clock
from calendula.appointments import service as appointments
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.audit.verify import Verdict, verify
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.events import service as events
from calendula.events.chain import CLINIC
from calendula.events.models import Event, EventChain
from calendula.patients import service as patients
from support.clinic import DAY
from support.commands import run
from support.load import LABELS

DOCTOR = UUID(int=7)
OTHER = UUID(int=8)
Tamper = Callable[[Connection], Any]


def _verify(database: Database) -> Verdict:
    with database.read(streams=True) as session:
        return verify(session)


@pytest.fixture
def log(database: Database) -> Database:
    """A clinic in whose log are two chains more, of four events each."""
    for number in range(4):
        for doctor_id in DOCTOR, OTHER:
            with database.write() as session:
                ids = {"doctor_id": doctor_id, "appointment_id": UUID(int=number)}
                events.record(session, "x", actor="system", **ids, data={"n": number})
    return database


def _tamper(database: Database, change: Tamper) -> None:
    """Change the log as somebody does who may do everything to the database."""
    with database.writer.begin() as connection:
        if connection.dialect.name == "sqlite":
            for what in "update", "delete", "insert":
                connection.execute(text(f"DROP TRIGGER event_append_only_{what}"))
        else:
            connection.execute(text("DROP TRIGGER event_append_only ON event"))
        change(connection)


def _where(link: int) -> Any:
    return (Event.chain == DOCTOR) & (Event.link == link)


def _set(link: int, /, **values: Any) -> Tamper:
    return lambda connection: connection.execute(update(Event).where(_where(link)).values(values))


def _delete(condition: Any) -> Tamper:
    return lambda connection: connection.execute(delete(Event).where(condition))


def _forge(**values: Any) -> Tamper:
    row = {"number": 9999, "at": clock.now(), "action": "x", "actor": "system", "data": {}}
    place = {"doctor_id": DOCTOR, "chain": DOCTOR, "link": 5, "hash": bytes(32)}
    return lambda connection: connection.execute(insert(Event).values({**row, **place, **values}))


def _swap(connection: Connection) -> None:
    for now, then in (2, 99), (3, 2), (99, 3):
        connection.execute(update(Event).where(_where(now)).values(link=then))


def _exchange_numbers(connection: Connection) -> None:
    one, two = (
        connection.scalars(select(Event.number).where(_where(link))).one() for link in (2, 3)
    )
    for now, then in (one, 99), (two, one), (99, two):
        connection.execute(update(Event).where(Event.number == now).values(number=then))


def _head(**values: Any) -> Tamper:
    whose = EventChain.id == DOCTOR
    return lambda connection: connection.execute(update(EventChain).where(whose).values(values))


def _behead(connection: Connection) -> None:
    connection.execute(delete(EventChain).where(EventChain.id == DOCTOR))


TAMPERINGS = {
    **{
        f"{name} of {link}": (_set(link, **{name: value}), "was changed")
        for link in (1, 2, 4)
        for name, value in {
            "at": clock.now(),
            "action": "y",
            "actor": "public",
            "doctor_id": OTHER,
            "appointment_id": None,
            "patient_id": DOCTOR,
            "data": {"n": 99},
            "hash": b"x" * 32,
        }.items()
    },
    "number of the last": (_set(4, number=9999), "link 4 .event 9999. was changed"),
    "number of the first": (_set(1, number=0), "was changed|out of order"),
    "numbers exchanged": (_exchange_numbers, "link 2 .* was changed"),
    "moved out of the chain": (_set(2, chain=UUID(int=9)), "link 2 is missing"),
    "the last moved out": (_set(4, chain=UUID(int=9)), "missing at the end, 4 to 4"),
    "link of the last": (_set(4, link=7), "link 4 is missing"),
    "link of the first": (_set(1, link=0), "link 0 .* is out of order"),
    "first gone": (_delete(_where(1)), "link 1 is missing"),
    "one in the middle gone": (_delete(_where(2)), "link 2 is missing"),
    "last gone": (_delete(_where(4)), "missing at the end, 4 to 4"),
    "all gone": (_delete(Event.chain == DOCTOR), "missing at the end, 1 to 4"),
    "one forged at the end": (_forge(), "link 5 .* was changed"),
    "one forged in another chain": (_forge(chain=UUID(int=9), link=1), "was changed"),
    "two swapped": (_swap, "link 2 .* was changed"),
    "head shorter": (_head(length=3), "link 3 .* the chain's head names"),
    "head longer": (_head(length=5), "missing at the end, 5 to 5"),
    "head of another hash": (_head(hash=bytes(32)), "link 4 .* the chain's head names"),
    "no head": (_behead, "unknown chain, of length 4"),
}


@pytest.mark.parametrize(("change", "words"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_who_tampers_is_found_out(log: Database, change: Tamper, words: str) -> None:
    """Each change of the log is found, and the chain is named; the other doctor's is as it was."""
    import re

    assert _verify(log).faults == []
    _tamper(log, change)
    faults = _verify(log).faults
    assert any(re.search(words, fault) for fault in faults), faults
    assert not any(str(OTHER) in fault for fault in faults)
    assert all(fault.startswith("doctor 0000") for fault in faults)


def test_a_good_forgery_does_not_agree_with_the_head(log: Database) -> None:
    """An event that is forged with its hash is found, since the chain's head does not know it."""
    with log.write() as session:
        last = session.scalars(select(EventChain).where(EventChain.id == DOCTOR)).one()
        session.expunge(last)
        events.record(session, "forged", actor="system", doctor_id=DOCTOR)
    _tamper(log, _head(length=last.length, hash=last.hash))
    (fault,) = _verify(log).faults
    assert fault == f"doctor {DOCTOR}: link 5 is not the one that the chain's head names"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("column", ["at", "data", "doctor_id", "link", "chain"])
def test_what_cannot_be_read_is_found(log: Database, column: str) -> None:
    """A value of another kind, which SQLite would store, is found and no crash."""
    with log.read() as session:
        number = session.scalars(select(Event.number).where(_where(2))).one()
    change = text(f"UPDATE event SET {column} = 'nothing' WHERE number = {number}")
    _tamper(log, lambda connection: connection.execute(change))
    assert _verify(log).faults


def test_the_command_tells(log: Database, database_url: str, tmp_path: Path) -> None:
    """`calendula audit verify` counts and ends well, or has a line for each broken chain and 1."""
    good = run(tmp_path, "audit", "verify", DATABASE_URL=database_url)
    assert (good.returncode, good.stdout) == (0, "Verified 13 events in 7 chains.\n")
    _tamper(log, _delete(_where(2) | ((Event.chain == CLINIC) & (Event.link == 1))))
    bad = run(tmp_path, "audit", "verify", DATABASE_URL=database_url)
    assert (bad.returncode, bad.stderr) == (1, "")
    assert sorted(bad.stdout.splitlines()) == [
        "clinic: links are missing at the end, 1 to 1",
        f"doctor {DOCTOR}: link 2 is missing",
    ]


def _book(database: Database, number: int) -> None:
    names = "Dr. Mei Chen", "Dr. Amina Yusuf", "Dr. Lena Hoffmann"
    for slot, label in enumerate(LABELS):
        with database.write() as session:
            appointments.book(
                session,
                doctors.get(session, names[(slot + number) % 3]),
                ByLabel(DAY + timedelta(days=number), label),
                Details(patients.identify(session, str(number), "Asha")),
                actor="public",
                past=False,
            )


def test_it_raises_no_false_alarm(database: Database) -> None:
    """While many book, each look at the log finds it in order, and so does the last."""
    done = Flag()

    def look() -> int:
        looks = 0
        while not done.is_set():
            assert _verify(database).faults == []
            looks += 1
        return looks

    with ThreadPoolExecutor() as pool:
        looking = pool.submit(look)
        booking = [pool.submit(_book, database, number) for number in range(6)]
        wait(booking)
        done.set()
        assert [each.result() for each in booking] == [None] * 6
        assert looking.result() > 1
    assert _verify(database) == Verdict(5 + 6 * len(LABELS), 5)

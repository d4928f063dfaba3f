from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from calendula.events import chain
from calendula.events.chain import CLINIC, Entry, Head

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ENTRY = Entry(AT, "doctor.added", "command", None, None, None, {"a": 1, "b": ["é", None]})


def test_a_hash_is_what_it_was() -> None:
    """The hash of an event stays the same from version to version: old logs can be verified."""
    found = chain.digest(chain.BEGINNING, 1, CLINIC, 1, ENTRY).hex()
    assert found == "e46aee035a70f0aacff4c70666f328cc9a59d04c710fa7f6c45a865229a2137c"


@pytest.mark.parametrize(
    "other",
    [
        ENTRY._replace(at=AT + timedelta(microseconds=1)),
        ENTRY._replace(action="doctor.adde"),
        ENTRY._replace(actor="commando"),
        ENTRY._replace(doctor_id=UUID(int=1)),
        ENTRY._replace(appointment_id=UUID(int=1)),
        ENTRY._replace(patient_id=UUID(int=1)),
        ENTRY._replace(data={"a": 1, "b": ["é", 0]}),
        ENTRY._replace(action="doctor.added,command", actor=""),
    ],
    ids=str,
)
def test_another_event_has_another_hash(other: Entry) -> None:
    """Whatever an event says is in its hash."""
    ours = chain.digest(chain.BEGINNING, 1, CLINIC, 1, ENTRY)
    assert chain.digest(chain.BEGINNING, 1, CLINIC, 1, other) != ours


@pytest.mark.parametrize(
    "place", [(b"x", 1, CLINIC, 1), (bytes(32), 2, CLINIC, 1), (bytes(32), 1, UUID(int=1), 1)]
)
def test_an_event_has_one_place(place: tuple[bytes, int, UUID, int]) -> None:
    """The event before, the number and the chain are in the hash."""
    ours = chain.digest(chain.BEGINNING, 1, CLINIC, 1, ENTRY)
    assert chain.digest(*place, ENTRY) != ours


def test_the_same_event_has_the_same_hash() -> None:
    """Neither the order of members nor the zone in which an instant is written is in the hash."""
    zone = timezone(timedelta(hours=5, minutes=30))
    same = ENTRY._replace(at=AT.astimezone(zone), data={"b": ["é", None], "a": 1})
    ours = chain.digest(chain.BEGINNING, 1, CLINIC, 1, ENTRY)
    assert chain.digest(chain.BEGINNING, 1, CLINIC, 1, same) == ours


def test_each_chain_grows_by_itself() -> None:
    """Events go behind the head of their doctor's chain, in the order of their numbers."""
    doctor = UUID(int=7)
    theirs = ENTRY._replace(doctor_id=doctor)
    heads = {CLINIC: Head(), doctor: Head(4, b"x" * 32)}
    rows = chain.extend(heads, [5, 6, 9], [theirs, ENTRY, theirs])
    assert [(row["number"], row["chain"], row["link"]) for row in rows] == [
        (5, doctor, 5),
        (6, CLINIC, 1),
        (9, doctor, 6),
    ]
    assert rows[2]["hash"] == chain.digest(rows[0]["hash"], 9, doctor, 6, theirs)
    assert heads == {CLINIC: Head(1, rows[1]["hash"]), doctor: Head(6, rows[2]["hash"])}

"""Events hang together in chains: each has a hash of itself and of the one before. Pure.

There is a chain for each doctor and one for what is about no doctor, so that the bookings of
different doctors need not wait for each other.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from calendula.database import JsonObject

CLINIC = UUID(int=0)
"""The chain of what is about no doctor."""
BEGINNING = bytes(32)
"""Stands for the hash of the event before the first."""
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


class Entry(NamedTuple):
    """What an event says."""

    at: datetime
    action: str
    actor: str
    doctor_id: UUID | None
    appointment_id: UUID | None
    patient_id: UUID | None
    data: JsonObject

    @property
    def chain(self) -> UUID:
        """The chain that it belongs to."""
        return self.doctor_id or CLINIC


@dataclass(slots=True)
class Head:
    """The end of a chain: its length, and the hash of its last event."""

    length: int = 0
    hash: bytes = BEGINNING

    def append(self, number: int, entry: Entry, chain: UUID) -> None:
        """Let the chain be longer by an event of this number."""
        self.length += 1
        self.hash = digest(self.hash, number, chain, self.length, entry)


def digest(previous: bytes, number: int, chain: UUID, link: int, entry: Entry) -> bytes:
    """Return the SHA-256 of the hash before and of an event as JSON, written in one way only."""
    ids = (entry.doctor_id, entry.appointment_id, entry.patient_id)
    said = [
        number,
        str(chain),
        link,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.action,
        entry.actor,
        *(it and str(it) for it in ids),
        entry.data,
    ]
    return sha256(previous + _WRITER.encode(said).encode()).digest()


def extend(
    heads: Mapping[UUID, Head], numbers: Iterable[int], entries: Iterable[Entry]
) -> list[dict[str, Any]]:
    """Return the rows of events that are put behind the heads of their chains, which move on."""
    rows = []
    for number, entry in zip(numbers, entries, strict=True):
        head = heads[entry.chain]
        head.append(number, entry, entry.chain)
        place = {"chain": entry.chain, "link": head.length, "hash": head.hash}
        rows.append({"number": number, **entry._asdict(), **place})
    return rows

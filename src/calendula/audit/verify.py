"""Whether the log of events is what was written: no event changed, none missing, none forged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from calendula.events.chain import CLINIC, Entry, Head
from calendula.events.models import Event, EventChain

_AT_ONCE = 1000  # rows in memory
_PLACE = (Event.chain, Event.link, Event.number, Event.hash)
_SAID = tuple(getattr(Event, name) for name in Entry._fields)


@dataclass
class Verdict:
    """What was found: how much there is, and a line for each chain that is not what it was."""

    events: int = 0
    chains: int = 0
    faults: list[str] = field(default_factory=list)


class _Link(NamedTuple):
    """An event in its chain, as it is stored."""

    link: int
    number: int
    hash: bytes
    entry: Entry


def verify(session: Session) -> Verdict:
    """Compute every chain anew, while others may be writing.

    The heads are read before the events, and again after them: an event is committed together with
    its head, so one that is there has its head by then.
    """
    verdict = Verdict()
    before = _heads(session)
    ends: dict[UUID, Head] = {}
    faults: dict[UUID, str] = {}
    try:
        for chain, links in groupby(_events(session), lambda it: it[0]):
            ends[chain], fault = _follow(chain, links, before.get(chain))
            verdict.events += ends[chain].length
            if fault is not None:
                faults[chain] = fault
    except (ValueError, TypeError, AttributeError):  # of another type than its column
        verdict.faults.append(f"{_behind(list(ends))}an event cannot be read: it was changed")
        return verdict
    after = _heads(session)
    for chain in sorted({*ends, *before, *after} - faults.keys()):
        fault = _at_the_end(ends.get(chain, Head()), before.get(chain), after.get(chain))
        if fault is not None:
            faults[chain] = fault
    verdict.chains = len(ends)
    verdict.faults += [f"{_name(chain)}: {fault}" for chain, fault in faults.items()]
    return verdict


def _heads(session: Session) -> dict[UUID, Head]:
    query = select(EventChain.id, EventChain.length, EventChain.hash)
    return {chain: Head(length, last) for chain, length, last in session.execute(query)}


def _events(session: Session) -> Iterator[tuple[UUID, _Link]]:
    """Yield each event with its chain, in the order of the chains, some in memory at a time."""
    query = select(*_PLACE, *_SAID).order_by(Event.chain, Event.link)
    rows = session.execute(query, execution_options={"yield_per": _AT_ONCE})
    return (_read(row) for row in rows)


def _read(row: Row[*tuple[Any, ...]]) -> tuple[UUID, _Link]:
    chain, link, number, last, *said = row
    return chain, _Link(link, number, last, Entry(*said))


def _follow(
    chain: UUID, links: Iterable[tuple[UUID, _Link]], stored: Head | None
) -> tuple[Head, str | None]:
    """Return how far a chain is what was written, and what stands against it going on."""
    head, last = Head(), 0
    for _, it in links:
        where = f"link {it.link} (event {it.number})"
        if it.link > head.length + 1:
            return head, f"link {head.length + 1} is missing"
        if it.link <= head.length or it.number <= last:
            return head, f"{where} is out of order"
        head.append(it.number, it.entry, chain)
        if head.hash != it.hash:
            return head, f"{where} was changed"
        if stored is not None and stored.length == head.length and stored.hash != head.hash:
            return head, f"{where} is not the one that the chain's head names"
        last = it.number
    return head, None


def _at_the_end(end: Head, before: Head | None, after: Head | None) -> str | None:
    if after is None:
        return f"unknown chain, of length {end.length}"
    if before is not None and end.length < before.length:
        return f"links are missing at the end, {end.length + 1} to {before.length}"
    if end.length > after.length or (end.length == after.length and end.hash != after.hash):
        return f"link {end.length} is not the one that the chain's head names"
    return None


def _name(chain: UUID) -> str:
    return "clinic" if chain == CLINIC else f"doctor {chain}"


def _behind(chains: Sequence[UUID]) -> str:
    return f"behind {_name(chains[-1])}: " if chains else ""

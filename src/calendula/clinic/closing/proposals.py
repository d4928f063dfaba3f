"""Where the appointments of a closed date could go: each is shown a slot of its own. Pure."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from calendula.appointments import offers
from calendula.doctors.models import Doctor
from calendula.intervals import Interval, Union
from calendula.timetables.slots import Slot, Span
from calendula.timetables.timetable import Visit

_PARTS = (7, 60, 60, 60, 60, 60, 59)  # days, most often the first few are enough
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=7)


class Proposal(NamedTuple):
    """A free slot of a doctor, for a kind of visit."""

    doctor: Doctor
    slot: Slot
    visit: Visit | None

    @property
    def occupied(self) -> Interval:
        """The doctor's time that it takes."""
        return offers.occupied(self.slot, self.visit)


Look = Callable[[UUID | None, Span], Sequence[Proposal]]
"""Return what is free for a visit type in a time, in time order; of a tie, the best one first."""


class Proposals:
    """The free slots within a year of an instant, looked up in parts, and each part once."""

    def __init__(self, look: Look, begin: datetime) -> None:
        self._look = look
        self._parts = _parts(begin)
        self._known: dict[tuple[UUID | None, int], Sequence[Proposal]] = {}
        self._given: dict[UUID, list[Interval]] = {}
        self._taken: dict[UUID, Union] = {}

    def take(self, visit_type_id: UUID | None, start: datetime) -> Proposal | None:
        """Return the first slot from a start on, and keep its time from all who come later."""
        for number, part in enumerate(self._parts):
            for proposal in self._from(visit_type_id, number, start) if start < part.end else ():
                if not self._is_taken(proposal):
                    self._give(proposal)
                    return proposal
        return None

    def _from(self, visit_type_id: UUID | None, number: int, start: datetime) -> Sequence[Proposal]:
        key = visit_type_id, number
        if key not in self._known:
            self._known[key] = self._look(visit_type_id, self._parts[number])
        known = self._known[key]
        return known[bisect_left(known, start, key=lambda it: it.slot.start) :]

    def _is_taken(self, proposal: Proposal) -> bool:
        taken = self._taken.get(proposal.doctor.id)
        return taken is not None and taken.overlaps(proposal.occupied)

    def _give(self, proposal: Proposal) -> None:
        theirs = self._given.setdefault(proposal.doctor.id, [])
        theirs.append(proposal.occupied)
        self._taken[proposal.doctor.id] = Union(theirs)


def _parts(begin: datetime) -> list[Span]:
    """Return the times that are searched, one after the other, as far as the calendar goes."""
    days = (sum(_PARTS[:number]) for number in range(len(_PARTS) + 1))
    ends = [begin + min(timedelta(it), max(_LAST - begin, timedelta())) for it in days]
    return [Span(*pair) for pair in pairwise(ends) if pair[0] < pair[1]]

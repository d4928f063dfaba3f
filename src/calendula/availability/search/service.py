from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from calendula import clock
from calendula.availability.search.index import Index, Place
from calendula.availability.search.wish import Wish
from calendula.availability.together import Asked, Found, days_at
from calendula.doctors.models import Doctor
from calendula.timetables.memory import Known, Memory
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Visit

_LOOKS = 6  # each for twice as many as the one before
_MOST = 400  # that are looked up together
_DAY = timedelta(days=1)


class Free(NamedTuple):
    """A slot that can be booked, and with whom."""

    doctor: Doctor
    slot: Slot

    @property
    def place(self) -> Place:
        """Its place in the order of all slots."""
        return Place(self.slot.start, self.doctor.id)


class FreeSlots(NamedTuple):
    """The first free slots behind a place, and behind which one there may be more."""

    slots: Sequence[Free]
    next: Place | None


def search(
    session: Session, index: Index, wish: Wish, behind: Place | None, limit: int
) -> FreeSlots:
    """Return the first free slots that are wished for, of all doctors, by start and doctor's id.

    They are those behind a place, so many at most; fewer, or even none, with a place behind which
    to look on, where that many could not be found in a moment. The past is not offered, also where
    it may be booked. Raises Unavailable where too much is being read.
    """
    place = max(behind or _beginning(wish), _beginning(wish))
    found: list[Free] = []
    for look_number in range(_LOOKS):
        most = min((limit + 1) << look_number, _MOST)
        candidates, following = index.find(session, wish, place, most)
        found += _free(session, index.memory, candidates, wish.visit)
        if len(found) > limit:
            return FreeSlots(found[:limit], found[limit - 1].place)
        if following is None or len(candidates) < most:
            break
        place = following
    return FreeSlots(found, following)


def _beginning(wish: Wish) -> Place:
    """Return the place before all that may be wished for, in whatever zone."""
    first = datetime.combine(wish.first, time.min, UTC) - _DAY
    return Place.before(max(first, clock.now()))


def _free(
    session: Session, memory: Memory, candidates: Sequence[Place], visit: Visit | None
) -> Iterator[Free]:
    """Give those candidates that are free, in their order: now, by all that the database holds."""
    known = memory.learn(session, {it.doctor_id for it in candidates})
    asked = {
        place: _asked(place, known[place.doctor_id], visit)
        for place in candidates
        if place.doctor_id in known
    }
    found = _look(session, memory, asked.values())
    moved = {
        place: elsewhere
        for place, date in asked.items()
        if (it := found[date]) and (elsewhere := _asked(place, it.known, visit)) != date
    }
    asked |= moved  # to another zone, since they were learned: another date has this start
    found |= _look(session, memory, moved.values())
    for place, date in asked.items():
        it = found[date]
        slot = it and next((slot for slot in it.day.free if slot.start == place.start), None)
        if it and slot:
            yield Free(it.known.doctor, slot)


def _look(session: Session, memory: Memory, dates: Iterable[Asked]) -> dict[Asked, Found | None]:
    asked = list(dict.fromkeys(dates))
    return dict(zip(asked, days_at(session, memory, asked, past=False), strict=True))


def _asked(place: Place, known: Known, visit: Visit | None) -> Asked:
    return Asked(place.doctor_id, place.start.astimezone(known.timetable.zone).date(), visit)

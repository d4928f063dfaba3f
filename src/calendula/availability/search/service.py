from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import times
from calendula.availability.day import Taken, look
from calendula.availability.search.index import Index, Place
from calendula.availability.search.wish import Wish
from calendula.doctors.models import Doctor
from calendula.intervals import Part
from calendula.timetables import service as timetables
from calendula.timetables.policy import Limits
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
        found += _free(session, candidates, wish.visit)
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


def _free(session: Session, candidates: Sequence[Place], visit: Visit | None) -> Iterator[Free]:
    """Give those candidates that are free, in their order: now, by all that the database holds."""
    if not candidates:
        return
    doctors = _doctors(session, candidates)
    known = [it for it in candidates if it.doctor_id in doctors]
    dated = [_Dated(it, _date(it, doctors[it.doctor_id])) for it in known]
    free = _slots(session, doctors, dated, visit)
    for place, day in dated:
        slot = free[place.doctor_id, day].get(place.start)
        if slot:
            yield Free(doctors[place.doctor_id], slot)


class _Dated(NamedTuple):
    place: Place
    date: date


def _date(place: Place, doctor: Doctor) -> date:
    return place.start.astimezone(doctor.zone).date()


def _doctors(session: Session, candidates: Sequence[Place]) -> Mapping[UUID, Doctor]:
    ids = {it.doctor_id for it in candidates}
    return {it.id: it for it in session.scalars(select(Doctor).where(Doctor.id.in_(ids)))}


def _slots(
    session: Session, doctors: Mapping[UUID, Doctor], dated: Sequence[_Dated], visit: Visit | None
) -> Mapping[tuple[UUID, date], Mapping[datetime, Slot]]:
    """Return the free slots of some doctors' dates by their starts."""
    dates = [it.date for it in dated]
    first, last = min(dates), max(dates)
    known = timetables.load_all(session, list(doctors.values()), first, last)
    before = timedelta(minutes=visit.buffer_before if visit else 0)
    about = Part(dated[0].place.start - before, dated[-1].place.start + _DAY)  # none is longer
    busy = times.busy_of_some(session, list(doctors), about, first, last)
    taken = {doctor_id: Taken(busy.get(doctor_id, ())) for doctor_id in doctors}
    now = clock.now()
    free = {}
    for (_, doctor_id), day in dated:
        if (doctor_id, day) not in free:
            timetable = known[doctor_id]
            limits = Limits.at(now, timetable.policy, timetable.zone, past=False)
            offered = timetable.slots_on(day, visit)
            slots = look(timetable, day, offered, limits, taken[doctor_id], visit=visit).free
            free[doctor_id, day] = {slot.start: slot for slot in slots}
    return free

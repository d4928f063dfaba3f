"""What is free on a date, and why nothing is. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Literal, NamedTuple

from calendula.appointments import offers
from calendula.appointments.times import Busy
from calendula.intervals import Interval, Union
from calendula.timetables.policy import Limit, Limits
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Timetable, Visit

Reason = Literal["closed", "holiday", "time_off", "past", "notice", "horizon", "full"]


class Day(NamedTuple):
    """The free slots of a date in time order, and why there are none where there are none."""

    date: date
    free: list[Slot]
    reason: Reason | None


class Taken:
    """What is held by appointments: times, and slots by the names that they were booked under.

    Where a doctor's zone was changed, a slot may have another time under the same name: it is taken
    as well, since patients and the database know it by its name.
    """

    def __init__(self, busy: Iterable[Busy]) -> None:
        busy = list(busy)
        self._times = Union(busy)
        self._names = {(it.date, it.slot) for it in busy}

    def __bool__(self) -> bool:
        return bool(self._names)

    def holds(self, slot: Slot, occupied: Interval) -> bool:
        """Tell whether a slot, or the time that it occupies, is held."""
        return (slot.date, slot.label) in self._names or self._times.overlaps(occupied)


def look(
    timetable: Timetable,
    day: date,
    slots: Sequence[Slot],
    limits: Limits,
    taken: Taken,
    *,
    visit: Visit | None = None,
) -> Day:
    """Return which of the slots of a date are free; where none is, what took away the last.

    They are the timetable's of that date, for that visit.
    """
    if not slots:
        return Day(day, [], "holiday" if timetable.holiday_on(day) else "closed")
    for reason, stands_against in _hurdles(timetable, limits, taken, visit):
        slots = [slot for slot in slots if not stands_against(slot)]
        if not slots:
            return Day(day, [], reason)
    return Day(day, list(slots), None)


def _breaks(limits: Limits, limit: Limit, slot: Slot) -> bool:
    return limit in limits.against(slot)


def _hurdles(
    timetable: Timetable, limits: Limits, taken: Taken, visit: Visit | None
) -> Iterator[tuple[Reason, Callable[[Slot], bool]]]:
    if timetable.time_off:
        yield "time_off", lambda slot: timetable.is_off(offers.occupied(slot, visit))
    for limit in limits.in_force():
        yield limit, partial(_breaks, limits, limit)
    if taken:
        yield "full", lambda slot: taken.holds(slot, offers.occupied(slot, visit))

"""Half-open intervals of time: 10:00-10:30 and 10:30-11:00 do not overlap."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol, TypeVar


class Interval(Protocol):
    """Anything with a start, which belongs to it, and an end, which does not."""

    @property
    def start(self) -> datetime:
        """The first instant."""

    @property
    def end(self) -> datetime:
        """The first instant after it."""


T = TypeVar("T", bound=Interval)


def overlap(a: Interval, b: Interval) -> bool:
    """Tell whether two intervals share an instant."""
    return a.start < b.end and b.start < a.end


def free(offered: Iterable[T], busy: Iterable[Interval]) -> Iterator[T]:
    """Yield the offered intervals, in time order, that overlap no busy one.

    The busy ones may overlap each other; neither side need be sorted. O(n log n).
    """
    ahead = sorted(busy, key=lambda interval: interval.start)
    position, busy_until = 0, None
    for slot in sorted(offered, key=lambda interval: interval.start):
        while position < len(ahead) and ahead[position].start <= slot.start:
            end = ahead[position].end
            busy_until = end if busy_until is None else max(busy_until, end)
            position += 1
        covered = busy_until is not None and busy_until > slot.start
        entered = position < len(ahead) and ahead[position].start < slot.end
        if not covered and not entered:
            yield slot

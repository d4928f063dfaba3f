"""Half-open intervals of time: 10:00-10:30 and 10:30-11:00 do not overlap."""

from collections.abc import Iterable, Sequence
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


def free(offered: Iterable[T], busy: Sequence[Interval]) -> list[T]:
    """Return the offered intervals, in time order, that overlap no busy one."""
    in_order = sorted(offered, key=lambda interval: interval.start)
    return [slot for slot in in_order if not any(overlap(slot, other) for other in busy)]

"""Half-open intervals of time: 10:00-10:30 and 10:30-11:00 do not overlap."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol


class Interval(Protocol):
    """Anything with a start, which belongs to it, and an end, which does not."""

    @property
    def start(self) -> datetime:
        """The first instant."""

    @property
    def end(self) -> datetime:
        """The first instant after it."""


class Part(NamedTuple):
    """A part of an interval."""

    start: datetime
    end: datetime


def overlap(a: Interval, b: Interval) -> bool:
    """Tell whether two intervals share an instant."""
    return a.start < b.end and b.start < a.end


class Union:
    """All the instants that lie in any of some intervals."""

    def __init__(self, intervals: Iterable[Interval]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for each in sorted(intervals, key=lambda it: it.start):
            if self._ends and each.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], each.end)
            else:
                self._starts.append(each.start)
                self._ends.append(each.end)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def overlaps(self, interval: Interval) -> bool:
        """Tell whether it shares an instant with an interval."""
        first = bisect_right(self._ends, interval.start)
        return first < len(self._ends) and self._starts[first] < interval.end

    def holds(self, interval: Interval) -> bool:
        """Tell whether it has every instant of an interval, which is not empty."""
        first = bisect_right(self._ends, interval.start)
        return (
            first < len(self._ends)
            and self._starts[first] <= interval.start
            and interval.end <= self._ends[first]
        )

    def parts(self, interval: Interval) -> Iterator[Part]:
        """Give the parts of an interval that it has, in time order."""
        for number in range(bisect_right(self._ends, interval.start), len(self._ends)):
            if interval.end <= self._starts[number]:
                return
            start, end = self._starts[number], self._ends[number]
            yield Part(max(start, interval.start), min(end, interval.end))

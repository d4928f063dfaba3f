"""The times of a doctor that are held. Pure."""

from bisect import bisect_left, insort

from calendula.timetables.slots import Span


class Diary:
    """The held times of one doctor, of which no two overlap."""

    def __init__(self) -> None:
        self._held: list[tuple[Span, int | None]] = []

    def take(self, span: Span, row: int | None) -> tuple[int | None] | None:
        """Hold a time for a row, None being nobody's; or return whose row holds a part of it."""
        before = bisect_left(self._held, span.end, key=lambda it: it[0].start)
        if before and self._held[before - 1][0].end > span.start:
            return (self._held[before - 1][1],)
        insort(self._held, (span, row), key=lambda it: it[0].start)
        return None

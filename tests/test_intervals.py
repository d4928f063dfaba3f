from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from calendula import intervals

DAY = datetime(2000, 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """An interval in the simplest form."""

    start: datetime
    end: datetime


def _span(start: int, end: int) -> Span:
    return Span(DAY + timedelta(minutes=start), DAY + timedelta(minutes=end))


spans = st.builds(
    lambda start, length: _span(start, start + length), st.integers(0, 200), st.integers(1, 60)
)


def test_an_end_touches_no_start() -> None:
    """10:00-10:30 and 10:30-11:00 do not overlap; one minute more and they do."""
    assert not intervals.overlap(_span(0, 30), _span(30, 60))
    assert intervals.overlap(_span(0, 31), _span(30, 60))


@given(spans, spans)
def test_overlap_is_mutual(one: Span, other: Span) -> None:
    """If one interval overlaps another, the other overlaps the one: they share an instant."""
    shared = max(one.start, other.start) < min(one.end, other.end)
    assert intervals.overlap(one, other) == intervals.overlap(other, one) == shared


@given(st.lists(spans), st.lists(spans))
def test_free_is_what_overlaps_nothing_busy(offered: list[Span], busy: list[Span]) -> None:
    """What is free are all the offered intervals, in time order, that overlap no busy one."""
    expected = [one for one in offered if not any(intervals.overlap(one, other) for other in busy)]
    assert intervals.free(offered, busy) == sorted(expected, key=lambda one: one.start)

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


@given(st.lists(spans), spans)
def test_a_union_has_what_its_intervals_have(some: list[Span], other: Span) -> None:
    """A union overlaps what any of its intervals overlaps, however these overlap each other."""
    expected = any(intervals.overlap(one, other) for one in some)
    assert intervals.Union(some).overlaps(other) == expected


@given(st.lists(spans), spans)
def test_a_union_holds_what_its_intervals_hold_together(some: list[Span], other: Span) -> None:
    """A union holds an interval if each of its minutes lies in one of the union's intervals."""
    minutes = (other.end - other.start) // timedelta(minutes=1)
    each = (_span(start, start + 1) for start in range(minutes))
    moved = [Span(it.start + (other.start - DAY), it.end + (other.start - DAY)) for it in each]
    expected = all(any(intervals.overlap(one, minute) for one in some) for minute in moved)
    assert intervals.Union(some).holds(other) == expected


@given(st.lists(spans), spans)
def test_the_parts_of_an_interval_are_what_a_union_has_of_it(some: list[Span], other: Span) -> None:
    """Each minute of an interval lies in just as many parts as the union has of it: one or none."""
    parts = list(intervals.Union(some).parts(other))
    for minute in range(-1, (other.end - other.start) // timedelta(minutes=1) + 1):
        start = other.start + timedelta(minutes=minute)
        this = Span(start, start + timedelta(minutes=1))
        expected = intervals.overlap(this, other) and intervals.Union(some).overlaps(this)
        assert sum(intervals.overlap(part, this) for part in parts) == expected

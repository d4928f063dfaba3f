"""Writes results as tables in Markdown, which a terminal shows as well."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from loads import FIGHTERS, FOUGHT_OVER
from results import (
    A_SECOND,
    DOUBLE,
    FEW,
    PROMISES,
    SEEN,
    SEEN_WITHIN,
    STORED_AT_MOST,
    UNITS,
    Results,
    stored_side,
)

_FIGURES = 100  # from here on a value needs no digits behind the point
Rows = Iterable[Sequence[str]]


def of(*measured: Results) -> str:
    """Return all tables of some results, one under the other."""
    makers = (_promises, _stored, _seen, _medians, _sizes, _client, _machine)
    parts = (make(results) for results in measured for make in makers)
    return "\n\n".join(dict.fromkeys(part for part in parts if part))  # one machine, said once


def _lines(heads: Sequence[str], rows: Rows) -> str:
    """Return a table whose columns are as wide as their widest cell."""
    cells = [list(heads), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in [cells[0], rule, *cells[1:]]
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= _FIGURES else f"{value:.3g}"


def _verdict(kept: bool) -> str:
    return "yes" if kept else "**no**"


def _promises(results: Results) -> str:
    rows = []
    for it in PROMISES:
        if results.has(it.work, it.side, it.reference):
            ratio = results.ratio(it.work, it.side, it.reference)
            sides = [it.work, it.side, it.reference]
            rows.append([*sides, f"{ratio:.2f}", it.sentence, _verdict(it.kept(ratio))])
    heads = ["work", "side", "in proportion to", "ratio", "needed", "reached"]
    return _lines(heads, rows) if rows else ""


def _medians(results: Results) -> str:
    rows = [
        [work, side, _number(median(values)), unit]
        for work, unit in UNITS.items()
        for side, values in sorted(
            results.works.get(work, {}).items(), key=lambda it: -median(it[1])
        )
    ]
    return _lines(["work", "side", "median", "unit"], rows) if rows else ""


def _seen(results: Results) -> str:
    return "\n\n".join([*_seen_by_others(results), *_booked_twice(results)])


def _seen_by_others(results: Results) -> Iterator[str]:
    for times in map(sorted, results.works.get(SEEN, {}).values()):
        p99 = times[len(times) * 99 // 100 - 1]
        yield (
            f"After its 201, {SEEN} within {median(times):.1f} ms in the median, {p99:.1f} ms at "
            f"the 99th percentile ({SEEN_WITHIN} ms are allowed) and {times[-1]:.1f} ms at most, "
            f"of {len(times)} bookings; on its own worker at once."
        )


def _booked_twice(results: Results) -> Iterator[str]:
    for side, (number,) in results.works.get(DOUBLE, {}).items():
        yield (
            f"Of {FOUGHT_OVER} slots that {FIGHTERS} clients each wanted at one moment, {side} "
            f"booked {number:g} more than once. Calendula booked none of its contended slots twice."
        )


def _client(results: Results) -> str:
    if not results.busy:
        return ""
    side, busiest = max(results.busy.items(), key=lambda it: median(it[1]))
    return (
        f"The client that made the load was busiest with '{side}', {median(busiest):.0%} of the "
        "time, and waited for the rest of it."
    )


def _stored(results: Results) -> str:
    """Return the times with many appointments stored in proportion to those with few."""
    many, few = (stored_side("", rows) for rows in (results.stored, FEW))
    ratios = (
        (work, side, results.ratio(work, side, side.replace(many, few)))
        for work, values in results.works.items()
        for side in values
        if many in side
    )
    rows = []
    for work, side, ratio in ratios:
        times = 1 / ratio if UNITS[work] == A_SECOND else ratio
        kept = _verdict(times <= STORED_AT_MOST)
        rows.append([work, side, f"{times:.2f}", f"at most {STORED_AT_MOST}", kept])
    heads = ["work", "side", f"times the time with {FEW:,}", "needed", "reached"]
    return _lines(heads, rows) if rows else ""


def _sizes(results: Results) -> str:
    rows = [
        [side, f"{each / 1000:.2f}"]  # kB of one are GB of a million
        for side, each in results.bytes_an_appointment.items()
    ]
    heads = ["what is stored", "GB a million appointments"]
    return _lines(heads, rows) if rows else ""


def _machine(results: Results) -> str:
    return _lines(["measured on", ""], results.machine.items())

"""What the command shows of an import."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from calendula.imports.report import Outcome, RowReport, Summary
from calendula.imports.service import Done

_SHOWN = 50


def report(rows: Sequence[RowReport], *, written: bool) -> RenderableType:
    """Return the rows with errors and warnings, as far as they fit, and the counts."""
    noted = [row for row in rows if row.errors or row.warnings]
    summary = Summary.of(rows)
    counts = ", ".join(f"{getattr(summary, it)} {it}" for it in Outcome)
    last = f"{summary.rows} rows: {counts}." + ("" if written else " Nothing was written.")
    if not noted:
        return last
    table = Table("Row", "Record", "Outcome", "What", box=None, pad_edge=False)
    for row in noted[:_SHOWN]:
        table.add_row(str(row.row), row.record or "", row.outcome, _notes(row))
    more = [f"and {len(noted) - _SHOWN} more"] if len(noted) > _SHOWN else []
    return Group(table, *more, last)


def _notes(row: RowReport) -> Text:
    errors = (f"{fault.field} {fault.detail}" for fault in row.errors)
    return Text("; ".join([*errors, *(f"warning: {it}" for it in row.warnings)]))


@contextmanager
def progress(rows: int) -> Iterator[Done]:
    """Show how many rows have been dealt with, on standard error if somebody looks at it."""
    console = Console(stderr=True)
    columns = TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=rows)
        yield lambda more: bar.advance(task, more)

"""What became of each row."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, Field

from calendula.errors import Invalid
from calendula.http.openapi import FieldFault


class Outcome(StrEnum):
    """What became of a row, or would, where nothing is written."""

    ADDED = "added"
    KEPT = "kept"
    REPLACED = "replaced"
    ERROR = "error"


class RowReport(BaseModel):
    """What became of one row."""

    row: int = Field(description="As a spreadsheet shows it: the header is row 1.")
    record: str | None = Field(description="null where the row does not say a known one.")
    outcome: Outcome = Outcome.ADDED
    errors: list[FieldFault] = []
    warnings: list[str] = []

    def fail(self, field: str, detail: str) -> None:
        """Say that the row is at fault; `detail` is read after the field's name."""
        self.outcome = Outcome.ERROR
        self.errors.append(FieldFault(field=field, detail=detail))


class Summary(BaseModel):
    """How many rows became what."""

    rows: int
    added: int
    kept: int
    replaced: int
    error: int
    warnings: int = Field(description="Rows with a warning; they are imported.")

    @classmethod
    def of(cls, rows: Sequence[RowReport]) -> Self:
        """Return the counts of a report."""
        outcomes = Counter(row.outcome.value for row in rows)
        warned = sum(bool(row.warnings) for row in rows)
        counts = {outcome.value: outcomes[outcome] for outcome in Outcome}
        return cls(rows=len(rows), warnings=warned, **counts)


class Report(BaseModel):
    """What an import did, or would do."""

    dry_run: bool
    summary: Summary
    rows: list[RowReport]

    @classmethod
    def of(cls, rows: list[RowReport], *, dry_run: bool) -> Self:
        """Return the report of an import."""
        return cls(dry_run=dry_run, summary=Summary.of(rows), rows=rows)


class ImportRefused(Invalid):
    """Rows are at fault, and so nothing of the file is imported."""

    code = "import-refused"

    def __init__(self, rows: Sequence[RowReport]) -> None:
        self.rows = rows
        self.summary = Summary.of(rows)
        faulty, all_of_them = self.summary.error, self.summary.rows
        super().__init__(
            f"Rows at fault: {faulty:,} of {all_of_them:,}. Nothing was imported.",
            **self._members(),
        )

    def _members(self) -> dict[str, Any]:
        return {
            "summary": self.summary.model_dump(mode="json"),
            "rows": [row.model_dump(mode="json") for row in self.rows],
        }

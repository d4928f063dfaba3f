"""What the bench has measured, as it is kept between its runs, and what it had to reach."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from loads import Values
from sides import ASYNCPG, EXPRESS, IDLE, POSTGRESQL, SQLITE
from singles import IMPORT, LONG, SHORT, START

DISTINCT, REPEATED, RANDOM = (
    "distinct bookings",
    "lookups of 100 doctor-days over and over",
    "lookups of random doctor-days, none seen before",
)
KEYED = "distinct bookings with an Idempotency-Key"
FIGHT, SLOTS, START_UP = "50 clients on one slot", "lists of slots", "start"
SEEN, DOUBLE = "a booking is seen by another worker", "slots booked twice"
A_SECOND = "a second"
UNITS = {
    DISTINCT: A_SECOND,
    KEYED: A_SECOND,
    REPEATED: A_SECOND,
    RANDOM: A_SECOND,
    FIGHT: "ms, 99th percentile",
    SLOTS: "ms",
    START_UP: "s",
}
_BOTH = (POSTGRESQL, SQLITE)


@dataclass
class Results:
    """The values of each round, by work and side, and where they were measured."""

    machine: dict[str, str]
    works: dict[str, Values] = field(default_factory=dict)
    busy: Values = field(default_factory=dict)
    """Which part of the time the client worked, by side."""
    stored: int = 0
    """How many appointments the clinic with many has; none where it was not measured."""
    bytes_an_appointment: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what a run has kept."""
        kept: dict[str, Any] = json.loads(path.read_text())
        return cls(**kept)

    def save(self, path: Path) -> None:
        """Keep it, so that the table and the picture can be made again."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def has(self, work: str, *sides: str) -> bool:
        """Tell whether all of these sides were measured at this work."""
        return all(side in self.works.get(work, {}) for side in sides)

    def ratio(self, work: str, side: str, reference: str) -> float:
        """Return the median of the rounds' ratios."""
        values = self.works[work]
        pairs = zip(values[side], values[reference], strict=True)
        return median(one / other for one, other in pairs)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a side must reach, as a ratio to another in the same work."""

    work: str
    side: str
    reference: str
    needed: float
    at_most: bool = False

    def kept(self, ratio: float) -> bool:
        """Tell whether a ratio keeps it."""
        return ratio <= self.needed if self.at_most else ratio >= self.needed

    @property
    def sentence(self) -> str:
        """What is needed, in words."""
        return f"{'at most' if self.at_most else 'at least'} {self.needed:g}"


PROMISES = (
    Promise(DISTINCT, POSTGRESQL, ASYNCPG, 1.0),
    Promise(DISTINCT, SQLITE, ASYNCPG, 0.9),
    Promise(DISTINCT, POSTGRESQL, EXPRESS, 1.0),
    Promise(RANDOM, POSTGRESQL, EXPRESS, 1.0),
    *(Promise(REPEATED, side, IDLE, 4) for side in _BOTH),
    *(Promise(RANDOM, side, ASYNCPG, 1.0) for side in _BOTH),
    *(
        Promise(FIGHT, f"{side}: one slot", f"{side}: distinct slots", 2, at_most=True)
        for side in _BOTH
    ),
    *(Promise(SLOTS, f"{side}: {LONG}", f"{side}: {SHORT}", 4, at_most=True) for side in _BOTH),
    *(Promise(START_UP, f"{side}: {START}", IMPORT, 2, at_most=True) for side in _BOTH),
)
SEEN_WITHIN = 50
"""Milliseconds, at the 99th percentile."""
FEW = 10_000
STORED_AT_MOST = 1.15
"""Times the time that the same takes with FEW."""


def stored_side(name: str, rows: int) -> str:
    """Return the name of a side whose clinic has so many appointments."""
    return f"{name}, {rows:,} stored"

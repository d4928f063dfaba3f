"""When doctors work, and what time a visit takes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

STEP = 30
WEEK = ((540, 660),)
"""What a doctor works on every day; minutes after midnight, and a slot each half hour."""
_MINUTE = timedelta(minutes=1)


class Span(NamedTuple):
    """A part of the time line."""

    start: datetime
    end: datetime

    def meets(self, other: "Span") -> bool:
        """Tell whether two share an instant."""
        return self.start < other.end and other.start < self.end


class Visit(NamedTuple):
    """A kind of visit; minutes."""

    id: str
    length: int
    before: int = 0
    after: int = 0

    def occupies(self, time: Span) -> Span:
        """Return the doctor's time that it takes."""
        return Span(time.start - self.before * _MINUTE, time.end + self.after * _MINUTE)


@dataclass(eq=False)
class Timetables:
    """When the doctors work."""

    zones: dict[str, ZoneInfo]
    overrides: dict[tuple[str, date], Iterable[tuple[int, int]]] = field(default_factory=dict)
    off: dict[str, tuple[str, Span]] = field(default_factory=dict)

    def at(self, doctor: str, day: date, minute: int) -> datetime:
        """Return the instant of a wall time."""
        midnight = datetime.combine(day, time.min, self.zones[doctor])
        return midnight.astimezone(UTC) + minute * _MINUTE  # no zone here changes its clocks

    def slots(self, doctor: str, day: date, visit: Visit | None) -> Iterator[Span]:
        """Yield what a doctor offers on a date, time off or not."""
        for first, last in sorted(self._windows(doctor, day)):
            for minute in range(first, last, STEP):
                start = self.at(doctor, day, minute)
                slot = Span(start, start + (visit.length if visit else STEP) * _MINUTE)
                occupied = visit.occupies(slot) if visit else slot
                if visit is None and minute + STEP > last:
                    continue
                if self.works(doctor, day, occupied):
                    yield slot

    def works(self, doctor: str, day: date, span: Span) -> bool:
        """Tell whether a doctor works in every minute of a time, time off or not."""
        midnight = self.at(doctor, day, 0)
        first, last = ((it - midnight) // _MINUTE for it in span)
        worked = {it for window in self._windows(doctor, day) for it in range(*window)}
        return worked.issuperset(range(first, last))

    def is_off(self, doctor: str, span: Span) -> bool:
        """Tell whether time off takes a part of a time."""
        return any(whose == doctor and off.meets(span) for whose, off in self.off.values())

    def day(self, doctor: str, instant: datetime) -> date:
        """Return the doctor's date of an instant."""
        return instant.astimezone(self.zones[doctor]).date()

    def _windows(self, doctor: str, day: date) -> Iterable[tuple[int, int]]:
        return self.overrides.get((doctor, day), WEEK)

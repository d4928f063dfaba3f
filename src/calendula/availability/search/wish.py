"""What somebody looks for. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from calendula.timetables.timetable import Visit


class PartOfDay(StrEnum):
    """A part of the day, in the doctor's wall time."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"

    @property
    def hours(self) -> range:
        """The hours that it has."""
        return _HOURS[self]


_HOURS = {
    PartOfDay.MORNING: range(12),
    PartOfDay.AFTERNOON: range(12, 17),
    PartOfDay.EVENING: range(17, 24),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A search. Dates, weekdays and the part of the day are in each doctor's wall time."""

    first: date
    last: date
    specialty: str | None = None
    words: str = ""
    """Of the name."""
    part: PartOfDay | None = None
    weekdays: Collection[int] | None = None
    """1 is Monday (ISO 8601)."""
    visit: Visit | None = None
    offering: Sequence[UUID] | None = None
    """Who offers the visit; None is everybody."""

    def admits(self, wall: datetime) -> bool:
        """Tell whether a slot may start then, by the clock on the doctor's wall."""
        return (
            self.first <= wall.date() <= self.last
            and (self.part is None or wall.hour in self.part.hours)
            and (self.weekdays is None or wall.isoweekday() in self.weekdays)
        )

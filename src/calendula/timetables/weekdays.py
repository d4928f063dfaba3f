from enum import StrEnum
from typing import Self


class Weekday(StrEnum):
    """The codes of FHIR's DaysOfWeek, in ISO's order."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def number(self) -> int:
        """1 is Monday, 7 is Sunday (ISO 8601)."""
        return list(Weekday).index(self) + 1

    @classmethod
    def of(cls, number: int) -> Self:
        """Return the day of this number."""
        return list(cls)[number - 1]

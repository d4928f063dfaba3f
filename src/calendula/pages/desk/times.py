"""A time that the staff chooses: a free one, or one by hand, which takes a reason."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from calendula.http.fields import Instant, LocalDate, Name
from calendula.pages.desk.mistakes import Sentences
from calendula.pages.languages import marked as _

_LENGTHS = range(5, 481)  # minutes


def _time(text: str) -> dt.time:
    moment = dt.time.fromisoformat(text)
    if moment.tzinfo or moment.second or moment.microsecond:
        raise ValueError("must be a time of day such as 09:30")
    return moment


def _length(minutes: int) -> int:
    if minutes not in _LENGTHS:
        raise ValueError("must be from 5 to 480 minutes")
    return minutes


class Chosen(BaseModel):
    """The part of a form that says when: the start of a free time, or all of another one."""

    start: Instant | None = None
    date: LocalDate | None = None
    time: Annotated[dt.time, BeforeValidator(_time)] | None = None
    minutes: Annotated[int, AfterValidator(_length)] | None = Field(default=None)
    reason: Name | None = None

    @property
    def by_hand(self) -> bool:
        """Whether it is no free time, but one that hours and policy need not allow."""
        return self.start is None

    def missing(self, *, with_length: bool) -> dict[str, str]:
        """Return the fields that a time by hand needs and has not."""
        if not self.by_hand:
            return {}
        needed = ["date", "time", *(["minutes"] if with_length else []), "reason"]
        return {name: "missing" for name in needed if getattr(self, name) is None}

    def instant(self, zone: ZoneInfo) -> dt.datetime | None:
        """Return when it begins; None where the doctor's clock skips that time."""
        if self.start is not None:
            return self.start
        if self.date is None or self.time is None:
            return None
        return instant_of(self.date, self.time, zone)

    def wish(self) -> Mapping[str, Any]:
        """Return what is asked for beside the start, as bookings and moves say it."""
        if not self.by_hand:
            return {}
        return {"override": True, "reason": self.reason, "duration_minutes": self.minutes}


def instant_of(day: dt.date, moment: dt.time, zone: ZoneInfo) -> dt.datetime | None:
    """Return the instant of a wall time, the first of two; None where the clock skips it."""
    wall = dt.datetime.combine(day, moment)
    try:
        instant = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    except OverflowError:
        return None
    return instant if instant.astimezone(zone).replace(tzinfo=None) == wall else None


SENTENCES: Sentences = {
    "date": {
        "missing": _("Enter the date."),
        "wrong": _("The date must be a day of the calendar."),
    },
    "time": {
        "missing": _("Enter the time."),
        "wrong": _("The time must be one that the clock shows on that day, such as 09:30."),
    },
    "minutes": {
        "missing": _("Enter how many minutes it takes, or choose a kind of visit."),
        "wrong": _("It must take from 5 to 480 minutes."),
    },
    "reason": {
        "missing": _("Say why a time outside the free times of the doctor is needed."),
        "wrong": _("Give the reason in one line. It stays for good, so do not name the patient."),
    },
}

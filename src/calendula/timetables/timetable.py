"""What a doctor offers and when they work, of everything that was said about it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calendula.intervals import Interval, Union
from calendula.timetables import holidays
from calendula.timetables.labels import MINUTES_OF_DAY
from calendula.timetables.policy import Policy
from calendula.timetables.slots import Slot, Span, slots_of, span_of
from calendula.timetables.windows import WeeklyWindow, Window

_NEVER = Union(())
_FREE = Policy()
_INSTANT = timedelta(microseconds=1)
_LAST = date.max.toordinal()


class Visit(NamedTuple):
    """What a kind of visit needs; minutes. Its buffers are the doctor's time, not the patient's."""

    duration: int
    buffer_before: int = 0
    buffer_after: int = 0
    windows: Sequence[tuple[int, int, int]] | None = None
    """Weekday, start and end in minutes after midnight; None is any time that the doctor works."""

    def fits(self, slot: Slot, hours: Union, zone: ZoneInfo) -> bool:
        """Tell whether the visit may be then, and lies with its buffers in the doctor's hours."""
        try:
            return self.may_be(slot, zone) and hours.holds(self.occupied(slot))
        except OverflowError:  # a buffer beyond the end of the calendar
            return False

    def occupied(self, slot: Slot) -> Span:
        """Return the doctor's time that the visit takes, its buffers with it."""
        before, after = timedelta(minutes=self.buffer_before), timedelta(minutes=self.buffer_after)
        return Span(slot.start - before, slot.end + after)

    def may_be(self, slot: Slot, zone: ZoneInfo) -> bool:
        """Tell whether the clinic lets such visits be then, whatever the doctor's hours are."""
        wall = slot.start.astimezone(zone)
        start = wall.hour * 60 + wall.minute
        return self.windows is None or any(
            weekday == slot.date.isoweekday() and first <= start and start + self.duration <= last
            for weekday, first, last in self.windows
        )


@dataclass(frozen=True, slots=True)
class Timetable:
    """What is known of a doctor's time. An override stands above a holiday, that above the week.

    Windows belong to the date on which they begin. Time off takes away from all of them.
    """

    zone: ZoneInfo
    week: Sequence[WeeklyWindow]
    overrides: Mapping[date, Sequence[Window]] = field(default_factory=dict)
    time_off: Union = _NEVER
    holidays: str | None = None
    policy: Policy = _FREE
    active: bool = True
    _has_nights: bool = field(init=False, repr=False, compare=False)
    """Whether any window reaches past midnight: else no date need be asked for another's sake."""

    def __post_init__(self) -> None:
        """See whether there are nights."""
        weekly = (it.window for it in self.week)
        has_nights = _reach_over(chain(weekly, *self.overrides.values()))
        object.__setattr__(self, "_has_nights", has_nights)

    def windows_on(self, day: date) -> Sequence[Window]:
        """Return the windows that begin on a date."""
        if not self.active:
            return []
        if day in self.overrides:
            return self.overrides[day]
        return [] if self.holiday_on(day) else self._weekly(day)

    def holiday_on(self, day: date) -> str | None:
        """Return the name of the holiday that takes the hours of a date, or None."""
        if self.holidays is None or not self.active or day in self.overrides:
            return None
        return holidays.name_of(self.holidays, day) if self._weekly(day) else None

    def slots_on(self, day: date, visit: Visit | None = None) -> list[Slot]:
        """Return the slots of a local date in time order, time off or not.

        Those of a visit begin at every step of a slot's length in a window, wherever the visit and
        its buffers fit into hours that follow each other without a gap.
        """
        begun = _dates(day, 1, 0) if self._has_nights else [day]
        slots = [slot for it in begun for slot in self._begun(it, visit) if slot.date == day]
        if visit is None:
            return slots
        hours = self._hours(_dates(day, 1, 1))
        return [slot for slot in slots if visit.fits(slot, hours, self.zone)]

    def is_off(self, span: Interval) -> bool:
        """Tell whether time off takes a part of this time."""
        return self.time_off.overlaps(span)

    def works_at(self, instant: datetime) -> bool:
        """Tell whether an instant lies in the doctor's hours, time off or not."""
        day = instant.astimezone(self.zone).date()
        return self._hours(_dates(day, 1, 0)).holds(Span(instant, instant + _INSTANT))

    def supports(self, start: datetime, end: datetime) -> bool:
        """Tell whether the doctor works from one instant to another, whatever the slots are."""
        span = Span(start, end)
        try:
            first, last = (it.astimezone(self.zone).date() for it in (start, end))
        except OverflowError:  # booked in another zone, it lies beyond the calendar in this one
            return False
        return self.hours(first, last).holds(span) and not self.is_off(span)

    def hours(self, first: date, last: date) -> Union:
        """Return the hours of local dates and of the night before them, time off or not."""
        return self._hours(_dates(first, 1, (last - first).days))

    def _hours(self, days: Iterable[date]) -> Union:
        """Return the hours of these dates, those that meet taken as one."""
        hours = (span_of(day, window, self.zone) for day in days for window in self.windows_on(day))
        return Union(span for span in hours if span)

    def _begun(self, day: date, visit: Visit | None) -> list[Slot]:
        """Return the slots of the windows that begin on a date.

        Where such a window reaches into hours of the next date, as one may that stands beside an
        override, these stand above it.
        """
        windows = self.windows_on(day)
        slots = slots_of(day, windows, self.zone, visit.duration if visit else None)
        if not _reach_over(windows):
            return slots
        next_hours = self._hours(_dates(day, -1, 1))
        return [
            slot
            for slot in slots
            if not next_hours.overlaps(Span(slot.start, slot.start + _INSTANT) if visit else slot)
        ]

    def _weekly(self, day: date) -> list[Window]:
        weekday = day.isoweekday()  # looked at first: it rules out most, and costs least
        return [it.window for it in self.week if it.weekday == weekday and it.applies_on(day)]


def _reach_over(windows: Iterable[Window]) -> bool:
    """Tell whether one of a date's windows ends after midnight."""
    return any(window.end_minute > MINUTES_OF_DAY for window in windows)


def _dates(day: date, back: int, ahead: int) -> list[date]:
    """Return the dates around one, as far as the calendar goes."""
    first, last = day.toordinal() - back, day.toordinal() + ahead
    return [date.fromordinal(n) for n in range(max(first, 1), min(last, _LAST) + 1)]

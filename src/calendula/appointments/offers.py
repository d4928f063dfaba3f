"""Which slot a booking is about, and whether the clinic offers it. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from calendula.errors import Conflict, Invalid
from calendula.intervals import Interval
from calendula.timetables.policy import Limits
from calendula.timetables.slots import Slot, slots_of
from calendula.timetables.timetable import Timetable, Visit
from calendula.timetables.windows import Window


class SlotRefused(Conflict):
    """The slot cannot be had; another one may be."""

    code = "slot-refused"


class SlotNotOffered(SlotRefused):
    """The doctor's timetable has no such slot on that date."""

    code = "slot-not-offered"


class SlotPassed(SlotRefused):
    """The slot has begun, and this clinic does not book the past."""

    code = "slot-passed"


class SlotTooSoon(SlotRefused):
    """The slot begins sooner than the doctor's policy lets it be booked."""

    code = "slot-too-soon"


class SlotTooFarAhead(SlotRefused):
    """The slot is later than the doctor's policy lets it be booked."""

    code = "slot-too-far-ahead"


class Choice(Protocol):
    """How somebody says which slot of a doctor they want."""

    @property
    def visit(self) -> Visit | None:
        """The kind of visit; None is a slot as the doctor's hours have it."""

    @property
    def override(self) -> bool:
        """Whether neither hours nor policy count."""

    def day(self, zone: ZoneInfo) -> date:
        """Return the local date of what is wanted; raise SlotNotOffered where there is none."""

    def slot(self, timetable: Timetable) -> Slot | None:
        """Return what is wanted, if it is there to be wanted."""


class ByLabel(NamedTuple):
    """The slot of a local date that has a label."""

    on: date
    label: str
    visit: None = None
    override: bool = False

    def day(self, zone: ZoneInfo) -> date:  # noqa: ARG002 - the protocol's
        """Return the date that was named."""
        return self.on

    def slot(self, timetable: Timetable) -> Slot | None:
        """Return the slot of this label that the timetable has, time off or not."""
        slots = timetable.slots_on(self.on)
        return next((slot for slot in slots if slot.label == self.label), None)


@dataclass(frozen=True, slots=True)
class ByStart:
    """What begins at an instant."""

    start: datetime
    visit: Visit | None = None
    override: bool = False
    minutes: int | None = None
    """How long it is, where an override says so; else as long as the visit, or the slot."""

    def day(self, zone: ZoneInfo) -> date:
        """Return the local date of the start."""
        try:
            return self.start.astimezone(zone).date()
        except OverflowError:
            raise _not_offered() from None

    def slot(self, timetable: Timetable) -> Slot | None:
        """Return the slot that begins then; with an override, one that is made for it."""
        if self.override and (self.visit or self.minutes):
            return self._made(timetable.zone)
        slots = timetable.slots_on(self.day(timetable.zone), self.visit)
        return next((slot for slot in slots if slot.start == self.start), None)

    def _made(self, zone: ZoneInfo) -> Slot | None:
        length = self.visit.duration if self.visit else self.minutes or 0
        wall = self.start.astimezone(zone)
        first = wall.hour * 60 + wall.minute
        slots = slots_of(wall.date(), [Window(first, first + length, length)], zone)
        return next((slot for slot in slots if slot.start == self.start), None)


def find(timetable: Timetable, choice: Choice, now: datetime, *, past: bool) -> Slot:
    """Return the slot that somebody wants, if it is offered and may be booked at this instant.

    `past` lets the past be booked. Raises SlotNotOffered, SlotPassed, SlotTooSoon, SlotTooFarAhead,
    and Invalid where an override does not say how long it is.
    """
    slot = choice.slot(timetable)
    if choice.override:
        return _overridden(timetable, choice, slot)
    if slot is None or timetable.is_off(occupied(slot, choice.visit)):
        raise _not_offered()
    match next(Limits.at(now, timetable.policy, timetable.zone, past=past).against(slot), None):
        case "past":
            raise SlotPassed("This time has passed! Choose another slot.")
        case "notice":
            raise SlotTooSoon("This time is too soon to be booked! Choose another slot.")
        case "horizon":
            raise SlotTooFarAhead("This time is too far ahead to be booked! Choose another slot.")
    return slot


def _overridden(timetable: Timetable, choice: Choice, slot: Slot | None) -> Slot:
    """Return what an override is about: any time that there is, of a doctor who sees patients."""
    if slot is None:
        raise Invalid(
            "Nothing can begin then. Where no slot does, say how long it is (duration_minutes); "
            "it starts at a minute of the doctor's clock, the first where that comes twice."
        )
    try:
        occupied(slot, choice.visit)
    except OverflowError:  # a buffer beyond the end of the calendar
        raise _not_offered() from None
    if not timetable.active:
        raise _not_offered()
    return slot


def occupied(slot: Slot, visit: Visit | None) -> Interval:
    """Return the doctor's time that a slot takes."""
    return visit.occupied(slot) if visit else slot


def _not_offered() -> SlotNotOffered:
    return SlotNotOffered("The doctor does not offer this time slot! Choose another slot.")

"""What a clinic allows of bookings: how soon, how far ahead, how many. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from calendula.timetables.slots import Slot

Limit = Literal["past", "notice", "horizon"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of one doctor's bookings. None is no limit."""

    minimum_notice_minutes: int | None = None
    """From now to the start of what is booked."""
    horizon_days: int | None = None
    """Days after today, in the doctor's zone, on which slots may be booked."""
    cancel_cutoff_minutes: int | None = None
    """Before its start, an appointment can be cancelled by the patient no more."""
    move_cutoff_minutes: int | None = None
    """Before its start, an appointment can be moved by the patient no more."""
    max_future_appointments: int | None = None
    """That one patient may have with one doctor."""

    @classmethod
    def of(cls, *sayings: Mapping[str, int | None]) -> Self:
        """Return the policy that the sayings make.

        Where two speak of a limit, the later one counts; one that none speaks of is none.
        """
        said = {name: limit for saying in sayings for name, limit in saying.items()}
        return cls(**{field.name: said.get(field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be booked at one moment; None is no limit."""

    past_until: datetime | None
    """What starts before it has passed."""
    notice_until: datetime | None
    """What starts before it is too soon."""
    last_day: date | None
    """What is on a later date is too far ahead."""

    @classmethod
    def at(cls, now: datetime, policy: Policy, zone: ZoneInfo, *, past: bool) -> Self:
        """Return the limits at an instant, in the doctor's zone; `past` lets the past be booked."""
        notice, horizon = policy.minimum_notice_minutes, policy.horizon_days
        return cls(
            past_until=None if past else now,
            notice_until=None if notice is None else now + timedelta(minutes=notice),
            last_day=None if horizon is None else _later(now.astimezone(zone).date(), horizon),
        )

    def in_force(self) -> Iterator[Limit]:
        """Give those that anything can break."""
        if self.past_until is not None:
            yield "past"
        if self.notice_until is not None:
            yield "notice"
        if self.last_day is not None:
            yield "horizon"

    def against(self, slot: Slot) -> Iterator[Limit]:
        """Give what forbids to book a slot, each limit that it breaks."""
        if self.past_until is not None and slot.start < self.past_until:
            yield "past"
        if self.notice_until is not None and slot.start < self.notice_until:
            yield "notice"
        if self.last_day is not None and slot.date > self.last_day:
            yield "horizon"


def _later(day: date, days: int) -> date:
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))

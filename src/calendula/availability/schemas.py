import datetime as dt
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from calendula.availability.day import Day, Reason
from calendula.availability.explain import Obstacle
from calendula.timetables.slots import Slot


class SlotInfo(BaseModel):
    """A slot that can be booked."""

    start: dt.datetime = Field(examples=["2027-02-26T10:00:00+05:30"])
    end: dt.datetime = Field(examples=["2027-02-26T10:30:00+05:30"])
    label: str = Field(
        description="In the doctor's wall time: the `time_slot` of a booking, where no visit type "
        "was asked for.",
        examples=["10:00 AM - 10:30 AM"],
    )

    @classmethod
    def of(cls, slot: Slot, zone: ZoneInfo) -> Self:
        """Return a slot as it goes over the wire, with the offsets of a zone."""
        return cls(
            start=slot.start.astimezone(zone), end=slot.end.astimezone(zone), label=slot.label
        )


class DatedSlot(SlotInfo):
    """A slot that can be booked, with its date."""

    date: dt.date = Field(description="In the doctor's time zone.", examples=["2027-02-26"])

    @classmethod
    def dated(cls, slot: Slot, zone: ZoneInfo) -> Self:
        """Return a slot with its date, with the offsets of a zone."""
        return cls(**SlotInfo.of(slot, zone).model_dump(), date=slot.date)


class DayInfo(BaseModel):
    """The free slots of a date."""

    date: dt.date = Field(description="In the doctor's time zone.", examples=["2027-02-26"])
    slots: list[SlotInfo] = Field(description="In time order.")
    reason: Reason | None = Field(description="Why there are none, where there are none.")

    @classmethod
    def of(cls, day: Day, zone: ZoneInfo) -> Self:
        """Return a day as it goes over the wire, with the offsets of a zone."""
        slots = [SlotInfo.of(slot, zone) for slot in day.free]
        return cls(date=day.date, slots=slots, reason=day.reason)


class Slots(BaseModel):
    """The free slots of a doctor, by date."""

    doctor_id: UUID
    time_zone: str = Field(description="Of the offsets.", examples=["Asia/Kolkata"])
    dates: list[DayInfo]


class NextSlots(BaseModel):
    """The first free slots of a doctor from now on."""

    doctor_id: UUID
    time_zone: str = Field(description="Of the offsets.", examples=["Asia/Kolkata"])
    slots: list[DatedSlot] = Field(description="In time order; none where none is free in a year.")


class ObstacleInfo(BaseModel):
    """What stands against a booking."""

    code: str = Field(examples=["time_off"])
    detail: str = Field(examples=["The doctor has time off: conference."])
    appointment_id: UUID | None = None


class Explanation(BaseModel):
    """Why a time can be booked, or cannot."""

    start: dt.datetime
    bookable: bool
    obstacles: list[ObstacleInfo]

    @classmethod
    def of(cls, start: dt.datetime, obstacles: list[Obstacle]) -> Self:
        """Return what stands against a time as it goes over the wire."""
        infos = [ObstacleInfo(**obstacle._asdict()) for obstacle in obstacles]
        return cls(start=start, bookable=not infos, obstacles=infos)

"""What goes over the wire about a doctor's day."""

import datetime as dt
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from calendula.appointments.models import Appointment
from calendula.appointments.schemas import ListedAppointment
from calendula.availability.day import Reason
from calendula.availability.schemas import SlotInfo
from calendula.clinic.hours.schemas import HoursWindow
from calendula.clinic.time_off.schemas import TimeOffInfo


class HeldTime(BaseModel):
    """A time that somebody is about to book."""

    start: dt.datetime
    end: dt.datetime
    expires_at: dt.datetime

    @classmethod
    def of(cls, hold: Appointment) -> Self:
        """Return a hold as it goes over the wire; its instants are in UTC."""
        assert hold.expires_at is not None  # noqa: S101 - a check constraint says so
        return cls(start=hold.starts_at, end=hold.ends_at, expires_at=hold.expires_at)


class DoctorsDay(BaseModel):
    """All that there is on a date of a doctor's."""

    doctor_id: UUID
    date: dt.date = Field(description="In the doctor's time zone.")
    time_zone: str = Field(description="The doctor's.", examples=["Asia/Kolkata"])
    windows: list[HoursWindow] = Field(
        description="The hours that begin on the date, in wall time; those of the evening before "
        "may reach into it."
    )
    holiday: str | None = Field(description="The one that takes the hours of the date.")
    time_off: list[TimeOffInfo] = Field(description="The doctor's and the whole clinic's.")
    appointments: list[ListedAppointment] = Field(
        description="In time order, whatever their status."
    )
    holds: list[HeldTime] = Field(description="Those that have not expired.")
    free: list[SlotInfo] = Field(description="What can be booked, with the doctor's offsets.")
    reason: Reason | None = Field(description="Why nothing is free, where nothing is.")

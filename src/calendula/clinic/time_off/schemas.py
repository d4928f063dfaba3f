from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from calendula.clinic.schemas import Edited
from calendula.http.fields import Body, Instant, Name
from calendula.timetables.models import TimeOff


class NewTimeOff(Body):
    """A time in which no patients are seen."""

    start: Instant
    end: Instant
    reason: Annotated[Name | None, Field(description="For the staff alone.")] = None

    @model_validator(mode="after")
    def _end_after_start(self) -> Self:
        if self.end <= self.start:
            raise ValueError("must end after it starts")
        return self


class TimeOffInfo(BaseModel):
    """A time in which no patients are seen; without a doctor, by nobody."""

    id: UUID
    doctor_id: UUID | None
    start: datetime
    end: datetime
    reason: str | None

    @classmethod
    def of(cls, off: TimeOff) -> Self:
        """Return it as it goes over the wire."""
        return cls(
            id=off.id,
            doctor_id=off.doctor_id,
            start=off.starts_at,
            end=off.ends_at,
            reason=off.reason,
        )


class LoggedTimeOff(BaseModel):
    """What the log of events keeps of time off: not the reason, which may tell of a person."""

    id: UUID
    start: datetime
    end: datetime

    @classmethod
    def of(cls, off: TimeOff) -> Self:
        """Return what is kept of it."""
        return cls(id=off.id, start=off.starts_at, end=off.ends_at)


class EditedTimeOff(TimeOffInfo):
    """Time off that was just made, and what it did to appointments."""

    effects: Edited

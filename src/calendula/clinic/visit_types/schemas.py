from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from calendula.clinic.hours.schemas import EndTime, WallTime, clock_time, minutes
from calendula.http.fields import Body, Id, Name, one_of
from calendula.timetables.labels import MINUTES_OF_DAY
from calendula.timetables.weekdays import Weekday
from calendula.visit_types.models import VisitType

Buffer = Annotated[int, Field(strict=True, ge=0, le=240, examples=[5])]


class VisitWindow(Body):
    """A part of the week, in the doctor's wall time, in which a visit may be."""

    weekday: Annotated[Weekday, one_of(Weekday)]
    start: WallTime
    end: EndTime

    @model_validator(mode="after")
    def _end_after_start(self) -> Self:
        first, last = self.minutes()
        if last <= first:
            raise ValueError("must end after it starts, on the same day")
        return self

    def minutes(self) -> tuple[int, int]:
        """Return its start and end in minutes after midnight."""
        return minutes(self.start), minutes(self.end)


class VisitTypeBody(Body):
    """A kind of visit, whole."""

    name: Annotated[Name, Field(examples=["First visit"])]
    duration_minutes: Annotated[int, Field(strict=True, ge=5, le=480, examples=[45])]
    buffer_before_minutes: Annotated[Buffer, Field(description="The doctor prepares.")] = 0
    buffer_after_minutes: Annotated[Buffer, Field(description="The doctor tidies up.")] = 0
    public: Annotated[
        bool, Field(strict=True, description="Whether patients may book it, or only the staff.")
    ] = True
    doctor_ids: Annotated[
        list[Id] | None,
        Field(min_length=1, max_length=1000, description="Who offers it; null is every doctor."),
    ] = None
    windows: Annotated[
        list[VisitWindow] | None,
        Field(
            min_length=1,
            max_length=200,
            description="When it may be; null is whenever the doctor works.",
        ),
    ] = None

    def values(self) -> dict[str, Any]:
        """Return the columns of the table."""
        values = self.model_dump(exclude={"doctor_ids", "windows"})
        if self.windows is not None:
            values["windows"] = [[it.weekday.number, *it.minutes()] for it in self.windows]
        return {"windows": None, **values}


class VisitTypeInfo(BaseModel):
    """A kind of visit."""

    id: UUID
    name: str
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    public: bool
    doctor_ids: list[UUID] | None = Field(description="Who offers it; null is every doctor.")
    windows: list[VisitWindow] | None = Field(description="null is whenever the doctor works.")

    @classmethod
    def of(cls, visit_type: VisitType, doctor_ids: list[UUID] | None) -> Self:
        """Return a kind of visit as it goes over the wire."""
        stored = visit_type.windows
        return cls(
            id=visit_type.id,
            name=visit_type.name,
            duration_minutes=visit_type.duration_minutes,
            buffer_before_minutes=visit_type.buffer_before_minutes,
            buffer_after_minutes=visit_type.buffer_after_minutes,
            public=visit_type.public,
            doctor_ids=doctor_ids,
            windows=None if stored is None else [_window(*window) for window in stored],
        )


def _window(weekday: int, start: int, end: int) -> VisitWindow:
    last = "24:00" if end == MINUTES_OF_DAY else clock_time(end)
    return VisitWindow(weekday=Weekday.of(weekday), start=clock_time(start), end=last)

"""What goes over the wire about hours, by weekday and by date."""

import re
from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from calendula.clinic.schemas import Edited
from calendula.http.fields import Body, LocalDate, Text, one_of
from calendula.timetables import windows as rules
from calendula.timetables.labels import MINUTES_OF_DAY
from calendula.timetables.models import DateOverride
from calendula.timetables.weekdays import Weekday
from calendula.timetables.windows import WeeklyWindow, Window

MOST_WINDOWS = 200
_WALL = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _wall_time(text: str) -> str:
    if not _WALL.fullmatch(text):
        raise ValueError("must be a time of the day such as 09:00")
    return text


def _end(text: str) -> str:
    return text if text == "24:00" else _wall_time(text)


WallTime = Annotated[
    Text,
    AfterValidator(_wall_time),
    WithJsonSchema({"type": "string", "pattern": f"^{_WALL.pattern}$"}),
]
"""A time of the day in the doctor's zone, on the 24-hour clock."""
EndTime = Annotated[
    Text,
    AfterValidator(_end),
    WithJsonSchema({"type": "string", "pattern": f"^({_WALL.pattern}|24:00)$"}),
]


def minutes(text: str) -> int:
    """Return a time of the day in minutes after midnight."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def clock_time(minute: int) -> str:
    """Return minutes after midnight as a time of the day."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


class HoursWindow(Body):
    """A part of a day in which slots follow each other."""

    start: Annotated[WallTime, Field(examples=["09:00"])]
    end: Annotated[
        EndTime,
        Field(
            examples=["12:00"],
            description="One that is not after the start is on the next day: `22:00` to `06:00`.",
        ),
    ]
    slot_minutes: Annotated[int, Field(strict=True, ge=5, le=480, examples=[30])]

    @model_validator(mode="after")
    def _hold_a_slot(self) -> Self:
        first, last, length = self.window()
        if last - first < length:
            raise ValueError("must hold at least one slot")
        return self

    def window(self) -> Window:
        """Return it as the rules take it."""
        start, end = minutes(self.start), minutes(self.end)
        return Window(start, end if end > start else end + MINUTES_OF_DAY, self.slot_minutes)

    @classmethod
    def of(cls, window: Window) -> Self:
        """Return a window as it goes over the wire."""
        return cls.model_validate(_written(window))


class WeeklyHoursWindow(HoursWindow):
    """A window that comes again on a weekday."""

    weekday: Annotated[Weekday, one_of(Weekday)]
    valid_from: Annotated[LocalDate | None, Field(description="The first date.")] = None
    valid_until: Annotated[LocalDate | None, Field(description="The last date.")] = None
    every_weeks: Annotated[
        int,
        Field(
            strict=True,
            ge=1,
            le=52,
            description="2 is every other week, counted from the week of `valid_from`.",
        ),
    ] = 1

    @model_validator(mode="after")
    def _recur(self) -> Self:
        if self.every_weeks > 1 and self.valid_from is None:
            raise ValueError("must have valid_from, from which the weeks are counted")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("must not end before it begins to be valid")
        return self

    def weekly_window(self) -> WeeklyWindow:
        """Return it as the rules take it."""
        return WeeklyWindow(
            self.weekday.number, self.window(), self.valid_from, self.valid_until, self.every_weeks
        )

    @classmethod
    def of_week(cls, weekly: WeeklyWindow) -> Self:
        """Return a weekly window as it goes over the wire."""
        own = weekly._asdict() | {"weekday": Weekday.of(weekly.weekday)}
        del own["window"]
        days = {name: own[name] and own[name].isoformat() for name in ("valid_from", "valid_until")}
        return cls.model_validate({**_written(weekly.window), **own, **days})


def _written(window: Window) -> dict[str, str | int]:
    return {
        "start": clock_time(window.start_minute),
        "end": clock_time(window.end_minute),
        "slot_minutes": window.slot_minutes,
    }


def _apart(windows: list[HoursWindow]) -> list[HoursWindow]:
    if rules.collision([it.window() for it in windows]):
        raise ValueError("must not overlap")
    return windows


def _weekly_apart(windows: list[WeeklyHoursWindow]) -> list[WeeklyHoursWindow]:
    if rules.weekly_collision([it.weekly_window() for it in windows]):
        raise ValueError("must not overlap")
    return windows


DayWindows = Annotated[list[HoursWindow], Field(max_length=MOST_WINDOWS), AfterValidator(_apart)]
WeekWindows = Annotated[
    list[WeeklyHoursWindow], Field(max_length=MOST_WINDOWS), AfterValidator(_weekly_apart)
]


class Week(Body):
    """All the windows of a week, and no others. None at all is a week without hours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "windows": [
                        {"weekday": "mon", "start": "09:00", "end": "12:00", "slot_minutes": 30},
                        {"weekday": "mon", "start": "14:00", "end": "15:00", "slot_minutes": 30},
                    ]
                }
            ]
        }
    )

    windows: WeekWindows

    @classmethod
    def of(cls, week: list[WeeklyWindow]) -> "Week":
        """Return a week as it goes over the wire; one that is stored was checked before."""
        return cls.model_construct(windows=[WeeklyHoursWindow.of_week(it) for it in week])

    def weekly_windows(self) -> list[WeeklyWindow]:
        """Return it as the rules take it."""
        return [it.weekly_window() for it in self.windows]


class EditedWeek(BaseModel):
    """A week after an edit, and what it did to appointments."""

    windows: list[WeeklyHoursWindow]
    effects: Edited


class DayHours(Body):
    """The hours of one date. No windows: the doctor does not work."""

    windows: DayWindows


class Override(BaseModel):
    """Other hours than the week's on one date."""

    date: date
    windows: list[HoursWindow]

    @classmethod
    def of(cls, override: DateOverride) -> Self:
        """Return an override as it goes over the wire."""
        windows = [HoursWindow.of(Window(*it)) for it in override.windows]
        return cls(date=override.date, windows=windows)


class EditedOverride(Override):
    """The hours of a date after an edit, and what it did to appointments."""

    effects: Edited

import datetime as dt
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from calendula import lengths, names
from calendula.database import Base, Id, Instant, Json, JsonObject, Number
from calendula.timetables.holidays import MAX_LENGTH


class Clinic(Base):
    """What holds for every doctor who has nothing else of their own. There is one row."""

    __tablename__ = "clinic"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    version: Mapped[int] = mapped_column(server_default="1")
    name: Mapped[str | None] = mapped_column(String(names.MAX_LENGTH))
    """For patients: in calendar files, and where they are told whom to call."""
    phone: Mapped[str | None] = mapped_column(String(lengths.PHONE))
    email: Mapped[str | None] = mapped_column(String(lengths.EMAIL))
    holidays: Mapped[str | None] = mapped_column(String(MAX_LENGTH))
    policy: Mapped[JsonObject] = mapped_column(Json, server_default=text("'{}'"))
    """The limits that are set, by the names of `Policy`."""


class WeeklyHours(Base):
    """A window that comes again every week, or every n-th, in the doctor's wall time.

    The rows without a doctor are the clinic's default week, which a new doctor starts with.
    """

    __tablename__ = "weekly_hours"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    doctor_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("doctor.id"), index=True)
    weekday: Mapped[int] = mapped_column(SmallInteger)
    """1 is Monday, 7 is Sunday (ISO 8601)."""
    start_minute: Mapped[int] = mapped_column(SmallInteger)
    """Minutes after midnight."""
    end_minute: Mapped[int] = mapped_column(SmallInteger)
    """Over 1440 where the window reaches past midnight."""
    slot_minutes: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[dt.date | None]
    valid_until: Mapped[dt.date | None]
    every_weeks: Mapped[int] = mapped_column(SmallInteger, server_default="1")


class DateOverride(Base):
    """The hours of one date, instead of the week's; without windows the doctor does not work."""

    __tablename__ = "date_override"

    doctor_id: Mapped[UUID] = mapped_column(Id, ForeignKey("doctor.id"), primary_key=True)
    date: Mapped[dt.date] = mapped_column(primary_key=True)
    windows: Mapped[list[list[int]]] = mapped_column(Json)
    """Start and end in minutes after midnight, and the slots' length, for each."""


class TimeOff(Base):
    """A time in which a doctor, or without one everybody, sees no patients."""

    __tablename__ = "time_off"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    doctor_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("doctor.id"), index=True)
    starts_at: Mapped[dt.datetime] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(String(names.MAX_LENGTH))
    """For the staff alone."""
    created_at: Mapped[dt.datetime] = mapped_column(Instant)

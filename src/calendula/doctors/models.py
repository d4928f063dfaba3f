from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column

from calendula import names
from calendula.database import Base, Id, Instant, Json, JsonObject


class Doctor(Base):
    """Somebody who sees patients, in a time zone of their own."""

    __tablename__ = "doctor"
    __table_args__ = (
        Index("doctor_skeleton_key", "skeleton", unique=True),
        Index("doctor_specialty_index", "specialty_key"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(names.MAX_LENGTH))
    name_key: Mapped[str] = mapped_column(String, unique=True)
    skeleton: Mapped[str | None]
    """What the name looks like. NULL for one that was here before and looks like another's."""
    search_key: Mapped[str] = mapped_column(server_default="")
    specialty: Mapped[str | None] = mapped_column(String(names.MAX_LENGTH))
    specialty_key: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(server_default=true())
    """Whether they see patients; one who does not offers nothing."""
    holidays: Mapped[str | None] = mapped_column(String(16))
    """The calendar of their holidays; NULL for the clinic's."""
    policy: Mapped[JsonObject] = mapped_column(Json, server_default=text("'{}'"))
    """Where their limits are others than the clinic's."""
    timetable_version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

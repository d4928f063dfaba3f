from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from calendula import names
from calendula.database import Base, Id, Instant


class Doctor(Base):
    """Somebody who sees patients, in a time zone of their own."""

    __tablename__ = "doctor"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(names.MAX_LENGTH))
    name_key: Mapped[str] = mapped_column(String, unique=True)
    specialty: Mapped[str | None] = mapped_column(String(names.MAX_LENGTH))
    time_zone: Mapped[str] = mapped_column(String(64))
    timetable_version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(Instant)

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from calendula.database import Base, Id, Instant, Json, JsonObject, Number


class Event(Base):
    """One line of the append-only log: what happened, when, by whom. It holds no name of a patient.

    It has no foreign keys: the log outlives what it speaks of.
    """

    __tablename__ = "event"

    number: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    action: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    doctor_id: Mapped[UUID | None] = mapped_column(Id)
    appointment_id: Mapped[UUID | None] = mapped_column(Id)
    data: Mapped[JsonObject] = mapped_column(Json)

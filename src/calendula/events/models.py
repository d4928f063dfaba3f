from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from calendula.database import Base, Id, Instant, Json, JsonObject, Number


class Event(Base):
    """One line of the append-only log: what happened, when, by whom. It holds no name of a patient.

    It has no foreign keys: the log outlives what it speaks of.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("chain", "link", name="event_chain_link_key"),
        Index("event_doctor_id_number_index", "doctor_id", "number"),
        Index("event_appointment_id_number_index", "appointment_id", "number"),
        Index("event_patient_id_number_index", "patient_id", "number"),
    )

    number: Mapped[int] = mapped_column(Number, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    action: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    doctor_id: Mapped[UUID | None] = mapped_column(Id)
    appointment_id: Mapped[UUID | None] = mapped_column(Id)
    patient_id: Mapped[UUID | None] = mapped_column(Id)
    data: Mapped[JsonObject] = mapped_column(Json)
    chain: Mapped[UUID] = mapped_column(Id)
    """The doctor whom it is about, or `chain.CLINIC`."""
    link: Mapped[int]
    """1, 2, 3 and so on within the chain."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class EventChain(Base):
    """The head of a chain: how long it is, and the hash of its last event."""

    __tablename__ = "event_chain"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    length: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from calendula.appointments.status import HOLDING
from calendula.database import Base, Id, Instant

HOLDS_ITS_SLOT = f"status IN ({', '.join(repr(status.value) for status in HOLDING)})"


class Appointment(Base):
    """A patient in a slot of a doctor.

    No two that hold their slot share it: the unique index below. No two of them overlap, none is
    longer than a day, every status is known: the migrations say so to each database in its words.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index(
            "appointment_slot_key",
            "doctor_id",
            "date",
            "slot",
            unique=True,
            postgresql_where=text(HOLDS_ITS_SLOT),
            sqlite_where=text(HOLDS_ITS_SLOT),
        ),
        Index(
            "appointment_start_index",
            "doctor_id",
            "starts_at",
            postgresql_where=text(HOLDS_ITS_SLOT),
            sqlite_where=text(HOLDS_ITS_SLOT),
        ),
        Index("appointment_time_index", "starts_at", "id"),
        Index(
            "appointment_orphaned_index",
            "starts_at",
            postgresql_where=text("orphaned"),
            sqlite_where=text("orphaned"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(Id, ForeignKey("doctor.id"))
    patient_id: Mapped[UUID] = mapped_column(Id, ForeignKey("patient.id"), index=True)
    date: Mapped[date]
    slot: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(String(16))
    orphaned: Mapped[bool] = mapped_column(server_default=false())
    """Whether the doctor's timetable has lost the time after it was booked."""
    created_at: Mapped[datetime] = mapped_column(Instant)

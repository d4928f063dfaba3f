from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column

from calendula import lengths, names
from calendula.appointments.status import HOLDING, Status
from calendula.database import Base, Id, Instant, partial_index
from calendula.patients.models import Patient
from calendula.visit_types.models import VisitType

HOLDS_ITS_SLOT = f"status IN ({', '.join(repr(status.value) for status in HOLDING)})"
ORPHANED = "orphaned"
IS_PENDING = f"status = '{Status.PENDING.value}'"
_BEGINNING = ("doctor_id", "occupied_from")
_OF_A_TIME = ("occupied_until", "date", "slot", "id", "expires_at", "status")
"""What is asked of a time that is held. SQLite's index has it: each row is in a page of its own.
PostgreSQL has its pages at hand, and its bookings would pay more for that than lookups gain."""


class Appointment(Base):
    """A patient in a slot of a doctor; while it is pending, a hold, which need not have a patient.

    No two that hold their slot share it: the unique index below. No two of them overlap in the time
    that they occupy, none takes longer than a day, every status is known, what is pending has an
    expiry and what is booked has a patient: the migrations say so to each database in its words.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        partial_index(
            "appointment_slot_key", "doctor_id", "date", "slot", where=HOLDS_ITS_SLOT, unique=True
        ),
        partial_index(
            "appointment_start_index",
            *_BEGINNING,
            where=HOLDS_ITS_SLOT,
            only="postgresql",
        ),
        partial_index(
            "appointment_held_index",
            *(*_BEGINNING, *_OF_A_TIME),
            where=HOLDS_ITS_SLOT,
            only="sqlite",
        ),
        Index("appointment_doctor_index", "doctor_id", "starts_at", "id"),
        Index("appointment_time_index", "starts_at", "id"),
        Index("appointment_patient_index", "patient_id", "starts_at", "id"),
        partial_index("appointment_orphaned_index", "starts_at", "id", where=ORPHANED),
        partial_index(
            "appointment_doctor_orphaned_index", "doctor_id", "starts_at", "id", where=ORPHANED
        ),
        partial_index(
            "appointment_visit_type_index", "visit_type_id", where="visit_type_id IS NOT NULL"
        ),
        partial_index(
            "appointment_hold_key", "held_by", "hold_number", where=IS_PENDING, unique=True
        ),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    doctor_id: Mapped[UUID] = mapped_column(Id, ForeignKey("doctor.id"))
    patient_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey(Patient.id))
    visit_type_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey(VisitType.id))
    date: Mapped[date]
    slot: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    occupied_from: Mapped[datetime] = mapped_column(Instant)
    """With the buffers of its visit type, which are the doctor's time too."""
    occupied_until: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(server_default="1")
    """One more with every change."""
    sequence: Mapped[int] = mapped_column(server_default="0")
    """One more with every change that calendars must know of (RFC 5546, section 2.1.4)."""
    orphaned: Mapped[bool] = mapped_column(server_default=false())
    """Whether the doctor's timetable has lost the time after it was booked."""
    overridden: Mapped[bool] = mapped_column(server_default=false())
    """Whether the staff booked it outside the timetable on purpose: it cannot be orphaned."""
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    """Of a hold: when it keeps nobody out any more."""
    held_by: Mapped[str | None] = mapped_column(String(64))
    """Of a hold: whose it is."""
    hold_number: Mapped[int | None] = mapped_column(SmallInteger)
    """Of a hold: which of its holder's it is. They have only so many numbers."""
    email: Mapped[str | None] = mapped_column(String(lengths.EMAIL))
    """To whom to write about this appointment, where the booking said so."""
    phone: Mapped[str | None] = mapped_column(String(lengths.PHONE))
    note: Mapped[str | None] = mapped_column(String(lengths.NOTE))
    reason: Mapped[str | None] = mapped_column(String(names.MAX_LENGTH))
    """Why it was cancelled, in somebody's words."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(slots=True)
class Placed:
    """A new appointment as its row would be read, which no session knows.

    Nobody need be told of what is set and read: of many appointments, that takes longer than they.
    """

    id: UUID
    doctor_id: UUID
    date: date
    slot: str
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    occupied_until: datetime
    status: str
    created_at: datetime
    updated_at: datetime
    patient_id: UUID | None = None
    visit_type_id: UUID | None = None
    sequence: int = 0


AnyAppointment = Appointment | Placed
"""One that says the same, wherever it comes from."""

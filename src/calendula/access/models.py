from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from calendula import names
from calendula.access import keys
from calendula.database import Base, Id, Instant


class ApiKey(Base):
    """A key to the service. The key itself cannot be read from the table: only its SHA-256 is kept.

    Every role is known, and a doctor is named where the role is doctor and nowhere else: the
    migrations say so to the database.
    """

    __tablename__ = "api_key"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(names.MAX_LENGTH))
    role: Mapped[str] = mapped_column(String(16))
    doctor_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("doctor.id"))
    handle: Mapped[str] = mapped_column(String(keys.HANDLE_LENGTH), unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    """To the minute or so: it is not written at every request."""


class AppointmentToken(Base):
    """A patient's own access to one appointment. Of the token itself only the SHA-256 is kept."""

    __tablename__ = "appointment_token"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(Id, ForeignKey("appointment.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class DeskSession(Base):
    """A browser at the desk, signed in by a key. Of its secret only the SHA-256 is kept."""

    __tablename__ = "desk_session"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    key_id: Mapped[UUID] = mapped_column(Id, ForeignKey("api_key.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    """To the minute or so: it is not written at every request."""

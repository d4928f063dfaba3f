from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from calendula import names
from calendula.database import Base, Id, Instant, Json


class VisitType(Base):
    """A kind of appointment, with a length of its own (FHIR: HealthcareService)."""

    __tablename__ = "visit_type"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(server_default="1")
    name: Mapped[str] = mapped_column(String(names.MAX_LENGTH))
    name_key: Mapped[str] = mapped_column(String, unique=True)
    duration_minutes: Mapped[int] = mapped_column(SmallInteger)
    buffer_before_minutes: Mapped[int] = mapped_column(SmallInteger)
    buffer_after_minutes: Mapped[int] = mapped_column(SmallInteger)
    public: Mapped[bool]
    """Whether patients may book it; else only the staff."""
    windows: Mapped[list[list[int]] | None] = mapped_column(Json)
    """Weekday, start and end in minutes after midnight; NULL is whenever the doctor works."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class VisitTypeDoctor(Base):
    """A doctor who offers a kind of visit. A kind for which nobody is named is offered by all."""

    __tablename__ = "visit_type_doctor"

    visit_type_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("visit_type.id", ondelete="CASCADE"), primary_key=True
    )
    doctor_id: Mapped[UUID] = mapped_column(Id, ForeignKey("doctor.id"), primary_key=True)

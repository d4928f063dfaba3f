from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from calendula import lengths, names
from calendula.database import Base, Id, Instant, partial_index


class Patient(Base):
    """The person seen, by the identifier that the caller knows them by (FHIR: Patient.identifier).

    The name belongs to the identity: a booking that names another person under a known identifier
    makes another patient, and rewrites nothing. Who was erased has neither, nor a contact.
    """

    __tablename__ = "patient"
    __table_args__ = (
        UniqueConstraint("identifier", "name"),
        *(
            partial_index(f"patient_{column}_index", column, where=f"{column} IS NOT NULL")
            for column in ("email", "phone", "merged_into")  # few have one
        ),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    identifier: Mapped[str | None] = mapped_column(String(names.MAX_LENGTH))
    name: Mapped[str | None] = mapped_column(String(names.MAX_LENGTH))
    search_key: Mapped[str] = mapped_column(String, server_default="")
    """The name without case and accents (`names.plain`)."""
    email: Mapped[str | None] = mapped_column(String(lengths.EMAIL))
    phone: Mapped[str | None] = mapped_column(String(lengths.PHONE))
    merged_into: Mapped[UUID | None] = mapped_column(Id, ForeignKey("patient.id"))
    """Who this one turned out to be (FHIR: Patient.link, replaced-by); never one who is merged."""
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)

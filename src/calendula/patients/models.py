from datetime import datetime
from uuid import UUID

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from calendula import names
from calendula.database import Base, Id, Instant


class Patient(Base):
    """The person seen, by the identifier that the caller knows them by (FHIR: Patient.identifier).

    The name belongs to the identity: a booking that names another person under a known identifier
    makes another patient, and rewrites nothing.
    """

    __tablename__ = "patient"
    __table_args__ = (UniqueConstraint("identifier", "name"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    identifier: Mapped[str] = mapped_column(String(names.MAX_LENGTH))
    name: Mapped[str] = mapped_column(String(names.MAX_LENGTH))
    created_at: Mapped[datetime] = mapped_column(Instant)

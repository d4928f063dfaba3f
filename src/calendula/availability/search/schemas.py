from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field

from calendula.availability.schemas import DatedSlot
from calendula.availability.search.service import Free


class FoundSlot(DatedSlot):
    """A slot that can be booked, and with whom."""

    doctor_id: UUID
    doctor_name: str = Field(examples=["Dr. Mei Chen"])
    specialty: str | None = Field(examples=["Cardiology"])

    @classmethod
    def found(cls, free: Free, zone: ZoneInfo | None) -> Self:
        """Return a slot as it goes over the wire, with the offsets of a zone, or its doctor's."""
        doctor = free.doctor
        return cls(
            doctor_id=doctor.id,
            doctor_name=doctor.name,
            specialty=doctor.specialty,
            **DatedSlot.dated(free.slot, zone or doctor.zone).model_dump(),
        )

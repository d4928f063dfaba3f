"""What goes over the wire about appointments, and what an edit of timetables answers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from calendula.appointments.models import Appointment
from calendula.appointments.orphans import Effects


class AppointmentInfo(BaseModel):
    """An appointment, for the staff."""

    id: UUID
    doctor_id: UUID
    patient_id: UUID
    date: date
    time_slot: str
    start: datetime
    end: datetime
    status: str = Field(description="A code of FHIR's AppointmentStatus.")
    orphaned: bool = Field(description="Whether the timetable has lost the time since the booking.")

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        """Return what the staff sees of an appointment; its instants are in UTC."""
        return cls(
            id=appointment.id,
            doctor_id=appointment.doctor_id,
            patient_id=appointment.patient_id,
            date=appointment.date,
            time_slot=appointment.slot,
            start=appointment.starts_at,
            end=appointment.ends_at,
            status=appointment.status,
            orphaned=appointment.orphaned,
        )


class Edited(BaseModel):
    """What an edit did to appointments, or would do."""

    dry_run: bool
    orphaned: list[AppointmentInfo] = Field(description="They have lost their time, and stay.")
    restored: list[AppointmentInfo] = Field(description="They had lost it and have it again.")

    @classmethod
    def of(cls, effects: Effects, *, dry_run: bool) -> Self:
        """Return the effects of an edit as they go over the wire."""
        return cls(
            dry_run=dry_run,
            orphaned=_infos(effects.orphaned),
            restored=_infos(effects.restored),
        )


def _infos(appointments: Sequence[Appointment]) -> list[AppointmentInfo]:
    return [AppointmentInfo.of(appointment) for appointment in appointments]

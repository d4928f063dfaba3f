from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from calendula.appointments.models import Appointment
from calendula.clinic.schemas import AppointmentInfo
from calendula.patients.models import Patient


class PatientInfo(BaseModel):
    """Who is seen, as they were booked."""

    id: UUID
    identifier: str = Field(examples=["P-1001"])
    name: str = Field(examples=["Asha Verma"])


class ListedAppointment(AppointmentInfo):
    """An appointment with its patient, for the staff."""

    patient: PatientInfo

    @classmethod
    def listed(cls, appointment: Appointment, patient: Patient) -> Self:
        """Return what the staff sees of an appointment in a list; its instants are in UTC."""
        who = PatientInfo.model_validate(patient, from_attributes=True)
        return cls(**AppointmentInfo.of(appointment).model_dump(), patient=who)

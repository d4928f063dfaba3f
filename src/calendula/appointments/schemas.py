"""What goes over the wire about appointments: to the staff, and to the patient."""

import datetime as dt
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from calendula import clock
from calendula.appointments import cutoffs, lifecycle
from calendula.appointments.lifecycle import Action
from calendula.appointments.models import Appointment
from calendula.doctors.models import Doctor
from calendula.patients.models import Patient
from calendula.timetables.policy import Policy

_Status = Annotated[str, Field(description="A code of FHIR's AppointmentStatus.")]


class AppointmentInfo(BaseModel):
    """An appointment, for the staff."""

    id: UUID
    doctor_id: UUID
    patient_id: UUID | None
    visit_type_id: UUID | None
    date: dt.date
    time_slot: str
    start: dt.datetime
    end: dt.datetime
    status: _Status
    sequence: int = Field(description="One more with every change that calendars must know of.")
    orphaned: bool = Field(description="Whether the timetable has lost the time since the booking.")
    overridden: bool = Field(description="Whether it is outside the timetable on purpose.")

    @classmethod
    def of(cls, appointment: Appointment) -> Self:
        """Return what the staff sees of an appointment; its instants are in UTC."""
        return cls(
            id=appointment.id,
            doctor_id=appointment.doctor_id,
            patient_id=appointment.patient_id,
            visit_type_id=appointment.visit_type_id,
            date=appointment.date,
            time_slot=appointment.slot,
            start=appointment.starts_at,
            end=appointment.ends_at,
            status=appointment.status,
            sequence=appointment.sequence,
            orphaned=appointment.orphaned,
            overridden=appointment.overridden,
        )


class BookedPatient(BaseModel):
    """Who is seen; of who was erased, nothing but the id is left."""

    id: UUID
    identifier: str | None = Field(examples=["P-1001"])
    name: str | None = Field(examples=["Asha Verma"])


class ListedAppointment(AppointmentInfo):
    """An appointment with its patient, for the staff."""

    patient: BookedPatient

    @classmethod
    def listed(cls, appointment: Appointment, patient: Patient) -> Self:
        """Return what the staff sees of an appointment in a list; its instants are in UTC."""
        who = BookedPatient.model_validate(patient, from_attributes=True)
        return cls(**AppointmentInfo.of(appointment).model_dump(), patient=who)


class StaffAppointment(ListedAppointment):
    """All of an appointment, for the staff."""

    email: str | None = Field(description="Of whoever booked, where they said so.")
    phone: str | None
    note: str | None
    reason: str | None = Field(description="Why it was cancelled.")
    allowed: list[Action] = Field(description="What can be done to it now.")

    @classmethod
    def whole(cls, appointment: Appointment, patient: Patient) -> Self:
        """Return all that the staff sees of an appointment; its instants are in UTC."""
        return cls(
            **ListedAppointment.listed(appointment, patient).model_dump(),
            email=appointment.email,
            phone=appointment.phone,
            note=appointment.note,
            reason=appointment.reason,
            allowed=list(lifecycle.allowed(appointment, clock.now())),
        )


class OwnAppointment(BaseModel):
    """An appointment, for its patient. It does not say who that is: a link is passed on easily."""

    id: UUID
    doctor_id: UUID
    doctor_name: str = Field(examples=["Dr. Rajesh Kumar"])
    visit_type_id: UUID | None
    date: dt.date
    time_slot: str = Field(examples=["10:00 AM - 10:30 AM"])
    start: dt.datetime = Field(description="With the doctor's offset.")
    end: dt.datetime
    time_zone: str = Field(description="The doctor's.", examples=["Asia/Kolkata"])
    status: _Status
    sequence: int = Field(description="One more with every change that calendars must know of.")
    cancel_until: dt.datetime | None = Field(
        description="Until when the patient can cancel it; null where they cannot."
    )
    move_until: dt.datetime | None = Field(
        description="Until when the patient can move it; null where they cannot."
    )

    @classmethod
    def of(cls, appointment: Appointment, doctor: Doctor, policy: Policy) -> Self:
        """Return what the patient sees of an appointment of theirs."""
        zone = doctor.zone
        ends = {
            action: end.astimezone(zone)
            for action, end in cutoffs.ends(appointment, policy).items()
        }
        return cls(
            id=appointment.id,
            doctor_id=doctor.id,
            doctor_name=doctor.name,
            visit_type_id=appointment.visit_type_id,
            date=appointment.date,
            time_slot=appointment.slot,
            start=appointment.starts_at.astimezone(zone),
            end=appointment.ends_at.astimezone(zone),
            time_zone=doctor.time_zone,
            status=appointment.status,
            sequence=appointment.sequence,
            cancel_until=ends.get(Action.CANCEL),
            move_until=ends.get(Action.MOVE),
        )

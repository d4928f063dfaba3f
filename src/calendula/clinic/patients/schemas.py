from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from calendula.appointments.models import Appointment
from calendula.http.fields import Body, Email, Id, Identifier, Name, Phone


class PatientSearch(Body):
    """What is known of a patient who is looked for, in a body: a URL would be logged."""

    name: Annotated[
        Name | None,
        Field(description="Words of the name, in any order; case and accents do not matter."),
    ] = None
    identifier: Annotated[Identifier | None, Field(examples=["P-1001"])] = None
    email: Annotated[Email | None, Field(examples=["asha@example.com"])] = None
    phone: Annotated[
        Phone | None, Field(description="Its last digits suffice.", examples=["5550 0100"])
    ] = None
    cursor: Annotated[str | None, Field(description="`next` of the page before.")] = None
    limit: Annotated[
        int, Field(strict=True, ge=1, le=200, description="How many to give at most.")
    ] = 50


class PatientChange(Body):
    """What is to be another way; a member that is not there stays as it is, null empties it."""

    name: Annotated[Name, Field(default_factory=str)]  # a factory's default is in no document
    identifier: Identifier | None = None
    email: Email | None = None
    phone: Phone | None = None


class Merge(Body):
    """Who is the same person."""

    duplicate_id: Annotated[Id, Field(description="Who is to be no patient of their own any more.")]


class FoundPatient(BaseModel):
    """Who a patient is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    identifier: str | None = Field(examples=["P-1001"])
    name: str | None = Field(examples=["Asha Verma"])
    email: str | None = Field(examples=["asha@example.com"])
    phone: str | None = Field(examples=["+91 22 5550 0100"])
    created_at: datetime


class PatientRecord(FoundPatient):
    """Who a patient is, or was."""

    merged_into: UUID | None = Field(description="Who this one turned out to be.")
    erased_at: datetime | None = Field(description="Since when nobody knows who it was.")


class ExportedAnswer(BaseModel):
    """What is kept to give the same answer to a repeated request."""

    answer: dict[str, Any] | None
    created_at: datetime


class ExportedAppointment(BaseModel):
    """An appointment, with all that is stored of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    doctor_id: UUID
    doctor_name: str
    patient_id: UUID = Field(description="The patient's, or that of whom they were merged with.")
    visit_type: str | None
    date: date
    time_slot: str
    start: datetime
    end: datetime
    occupied_from: datetime
    occupied_until: datetime
    status: str
    orphaned: bool
    overridden: bool
    expires_at: datetime | None
    email: str | None
    phone: str | None
    note: str | None
    reason: str | None
    version: int
    sequence: int
    created_at: datetime
    updated_at: datetime
    tokens_expire_at: list[datetime] = Field(description="Of each token that opens it.")
    stored_answers: list[ExportedAnswer]

    @classmethod
    def of(cls, appointment: Appointment, **more: Any) -> Self:
        """Return an appointment's columns, with what stands elsewhere."""
        row = {column.key: getattr(appointment, column.key) for column in Appointment.__table__.c}
        times = {"start": row["starts_at"], "end": row["ends_at"], "time_slot": row["slot"]}
        return cls.model_validate({**row, **times, **more})


class ExportedEvent(BaseModel):
    """A line of the log."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    at: datetime
    action: str
    actor: str
    doctor_id: UUID | None
    appointment_id: UUID | None
    patient_id: UUID | None
    data: dict[str, Any]


class PatientExport(BaseModel):
    """All that is stored about one patient."""

    patient: PatientRecord
    aliases: list[PatientRecord] = Field(description="Who turned out to be this patient.")
    appointments: list[ExportedAppointment] = Field(description="In time order.")
    events: list[ExportedEvent] = Field(description="In the order of their happening.")

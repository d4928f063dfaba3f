from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from calendula.availability.day import Reason
from calendula.http.fields import Identifier, LocalDate, Name, Text
from calendula.timetables import labels

BOOKED = "Appointment booked successfully!"
SlotLabel = Annotated[
    Text,
    AfterValidator(labels.canonical),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": labels.MAX_LENGTH}),
]


class BookingRequest(BaseModel):
    """A patient who wants a slot of a doctor. Members that are not known are ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "patient_id": "P-1001",
                    "patient_name": "Asha Verma",
                    "doctor_name": "Dr. Rajesh Kumar",
                    "time_slot": "10:00 AM - 10:30 AM",
                    "date": "2025-02-07",
                }
            ]
        }
    )

    patient_id: Annotated[Identifier, Field(description="By which you know the patient.")]
    patient_name: Name
    doctor_name: Name
    time_slot: Annotated[
        SlotLabel, Field(description="Also `10:00-10:30`, `10:00 am-10:30 am` and the like.")
    ]
    date: Annotated[LocalDate, Field(description="In the doctor's time zone.")]


class Booked(BaseModel):
    """An appointment that was booked."""

    msg: str = Field(examples=[BOOKED])
    appointment_id: UUID
    doctor_name: str = Field(examples=["Dr. Rajesh Kumar"])
    date: LocalDate = Field(examples=["2025-02-07"])
    time_slot: str = Field(examples=["10:00 AM - 10:30 AM"])
    starts_at: datetime = Field(examples=["2025-02-07T10:00:00+00:00"])
    ends_at: datetime = Field(examples=["2025-02-07T10:30:00+00:00"])
    manage_token: str = Field(
        description="The patient's own access to the appointment, as `Authorization: Bearer`.",
        examples=["mng_Gk0q3mT0a1nYxkq4c9y0mJ4D7iYy1sQ8oC5l2V6bZ3A"],
    )


class AvailableSlots(BaseModel):
    """The free slots of a doctor's date."""

    available_slots: list[str] = Field(description="In time order.")
    reason: Reason | None = Field(
        default=None,
        description="Only where there are none: the doctor does not work (`closed`), a public "
        "holiday or time off has taken the day (`holiday`, `time_off`), the time has gone by "
        "(`past`), is too soon or too far ahead to be booked (`notice`, `horizon`), or all are "
        "booked (`full`).",
    )

from typing import Annotated, Self

from pydantic import Field, model_validator

from calendula.appointments.schemas import OwnAppointment
from calendula.booking.overrides import Overridable
from calendula.http.fields import Body, Email, Id, Identifier, Instant, Name, Note, Phone, Text

_START = "2027-02-26T10:00:00+05:30"
_TOKEN = "mng_Gk0q3mT0a1nYxkq4c9y0mJ4D7iYy1sQ8oC5l2V6bZ3A"  # noqa: S105 - an example


class PatientDetails(Body):
    """Who is to be seen, and how to reach them."""

    identifier: Annotated[
        Identifier | None,
        Field(description="By which you know the patient, if you do.", examples=["P-1001"]),
    ] = None
    name: Annotated[Name, Field(examples=["Asha Verma"])]
    email: Annotated[Email | None, Field(examples=["asha@example.com"])] = None
    phone: Annotated[Phone | None, Field(examples=["+91 80 5550 1234"])] = None


class NewAppointment(Overridable):
    """A patient who wants a slot of a doctor."""

    doctor_id: Id
    start: Annotated[Instant, Field(description="Of a free slot.", examples=[_START])]
    visit_type_id: Annotated[
        Id | None, Field(description="Then it is as long as a visit of this kind.")
    ] = None
    patient: Annotated[
        PatientDetails | None, Field(description="Or, for the desk, `patient_id`.")
    ] = None
    patient_id: Annotated[
        Id | None,
        Field(description="Somebody whom the clinic knows. For the roles admin and reception."),
    ] = None
    note: Annotated[Note | None, Field(description="For the doctor, from the patient.")] = None
    hold: Annotated[
        Text | None, Field(description="The token of a hold of this slot.", max_length=100)
    ] = None

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if (self.patient is None) == (self.patient_id is None):
            raise ValueError("must have either patient or patient_id")
        if self.hold and self.override:
            raise ValueError("must not have both a hold and an override")
        return self


class Booked(OwnAppointment):
    """An appointment that was just booked."""

    manage_token: str = Field(
        description="The patient's own access to the appointment, as `Authorization: Bearer`.",
        examples=[_TOKEN],
    )

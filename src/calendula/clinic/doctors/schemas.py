from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from calendula.clinic.schemas import Edited
from calendula.doctors.models import Doctor
from calendula.http.fields import Body, Name, Text, TimeZone
from calendula.timetables import holidays


def _calendar(code: str) -> str:
    return code if code == holidays.NONE else holidays.known_calendar(code)


class NewDoctor(Body):
    """A doctor to be added, who starts with the clinic's default week."""

    name: Annotated[Name, Field(examples=["Dr. Ada Blackwell"])]
    specialty: Annotated[Name | None, Field(examples=["Surgery"])] = None
    time_zone: Annotated[
        TimeZone | None, Field(description="Without it, the clinic's `CALENDULA_TIME_ZONE`.")
    ] = None


class DoctorChange(Body):
    """What is to be another way; a member that is not there stays as it is."""

    name: Annotated[Name, Field(default_factory=str)]  # a factory's default is in no document
    specialty: Name | None = None
    time_zone: Annotated[TimeZone, Field(default_factory=str)]
    holidays: Annotated[
        Annotated[Text, AfterValidator(_calendar)] | None,
        Field(
            description="Their public holidays: a code of ISO 3166 such as `IN` or `DE-BY`; `none` "
            "for somebody who works on all; null for the clinic's.",
            examples=["DE-BY"],
        ),
    ] = None


class PublicDoctor(BaseModel):
    """What everybody may know of a doctor."""

    id: UUID
    name: str = Field(examples=["Dr. Ada Blackwell"])
    specialty: str | None = Field(examples=["Surgery"])
    time_zone: str = Field(examples=["Europe/London"])

    @classmethod
    def of(cls, doctor: Doctor) -> Self:
        """Return what this schema shows of a doctor."""
        return cls.model_validate(doctor, from_attributes=True)


class StaffDoctor(PublicDoctor):
    """What the staff knows of a doctor."""

    active: bool
    holidays: str | None


class EditedDoctor(StaffDoctor):
    """A doctor after an edit, and what it did to appointments."""

    effects: Edited

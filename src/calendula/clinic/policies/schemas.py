from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field

from calendula.clinic.schemas import Edited
from calendula.http.fields import Body, Email, Name, Phone, Text
from calendula.timetables import holidays
from calendula.timetables.models import Clinic
from calendula.timetables.policy import Policy

_YEAR = 366 * 24 * 60

Minutes = Annotated[int, Field(strict=True, ge=0, le=_YEAR)]
HolidayCalendar = Annotated[Text, AfterValidator(holidays.known_calendar)]
"""A country, or a part of one, whose public holidays are days off (ISO 3166)."""


class PolicyBody(Body):
    """The limits of bookings that are set here. null is no limit; what is not there is not set."""

    minimum_notice_minutes: Annotated[
        Minutes | None, Field(description="From now to the start of what is booked.", examples=[60])
    ] = None
    horizon_days: Annotated[
        Annotated[int, Field(strict=True, ge=0, le=3660)] | None,
        Field(description="Days after today on which slots may be booked.", examples=[90]),
    ] = None
    cancel_cutoff_minutes: Annotated[
        Minutes | None,
        Field(description="Before its start, when a patient can cancel no more.", examples=[1440]),
    ] = None
    move_cutoff_minutes: Annotated[
        Minutes | None,
        Field(description="Before its start, when a patient can move it no more.", examples=[1440]),
    ] = None
    max_future_appointments: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=1000)] | None,
        Field(description="That one patient may have ahead with one doctor.", examples=[3]),
    ] = None

    def said(self) -> dict[str, int | None]:
        """Return the limits that are set, null among them."""
        return self.model_dump(exclude_unset=True)


class EffectivePolicy(BaseModel):
    """The limits that hold. null is no limit."""

    minimum_notice_minutes: int | None
    horizon_days: int | None
    cancel_cutoff_minutes: int | None
    move_cutoff_minutes: int | None
    max_future_appointments: int | None

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Return a policy as it goes over the wire."""
        return cls.model_validate(policy, from_attributes=True)


class DoctorPolicy(BaseModel):
    """A doctor's limits: those that are set for them, and all that hold."""

    own: dict[str, int | None] = Field(examples=[{"minimum_notice_minutes": 60}])
    effective: EffectivePolicy


class ClinicRules(Body):
    """What patients are told of the clinic, and what holds for every doctor without their own."""

    name: Annotated[
        Name | None,
        Field(description="As patients know it; null for none.", examples=["Sunrise Clinic"]),
    ] = None
    phone: Annotated[
        Phone | None,
        Field(description="Where patients call; null for none.", examples=["+91 80 5550 0100"]),
    ] = None
    email: Annotated[
        Email | None,
        Field(description="Where patients write; null for none.", examples=["desk@example.org"]),
    ] = None
    holidays: Annotated[
        HolidayCalendar | None,
        Field(
            description="The public holidays on which nobody works: a code of ISO 3166 such as "
            "`IN` or `DE-BY`; null for none.",
            examples=["DE-BY"],
        ),
    ]
    policy: PolicyBody


class ClinicInfo(BaseModel):
    """What patients are told of the clinic, and what holds for every doctor without their own."""

    name: str | None
    phone: str | None
    email: str | None
    holidays: str | None
    policy: EffectivePolicy

    @classmethod
    def of(cls, clinic: Clinic) -> Self:
        """Return the clinic's rules as they go over the wire."""
        return cls(
            name=clinic.name,
            phone=clinic.phone,
            email=clinic.email,
            holidays=clinic.holidays,
            policy=EffectivePolicy.of(Policy.of(clinic.policy)),
        )


class EditedClinic(ClinicInfo):
    """The clinic's rules after an edit, and what it did to appointments."""

    effects: Edited

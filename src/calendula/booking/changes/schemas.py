from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from calendula.booking.appointments.schemas import Length, Why
from calendula.http.fields import Body, Id, Instant, Name


class Move(Body):
    """Another time for an appointment, and for the staff maybe another doctor."""

    start: Annotated[
        Instant,
        Field(description="Of a free slot.", examples=["2027-02-26T11:00:00+05:30"]),
    ]
    doctor_id: Annotated[
        Id | None, Field(description="To whom it goes, if to another. Only for the staff.")
    ] = None
    override: Annotated[
        bool, Field(strict=True, description="Outside hours and policy. Only for the staff.")
    ] = False
    reason: Why = None
    duration_minutes: Annotated[
        Length | None,
        Field(description="With an override, where neither a slot nor a visit type says it."),
    ] = None

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if self.override != (self.reason is not None):
            raise ValueError("must have a reason where it has an override, and only there")
        if self.duration_minutes and not self.override:
            raise ValueError("must have no duration_minutes without an override")
        return self


class Cancellation(Body):
    """Why an appointment is cancelled, if somebody wants to say so."""

    reason: Annotated[Name | None, Field(examples=["I feel well again"])] = None


class NewToken(BaseModel):
    """Another access of the patient's own to an appointment."""

    manage_token: str = Field(
        description="As `Authorization: Bearer`. The tokens that were given before stay good."
    )

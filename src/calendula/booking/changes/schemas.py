from typing import Annotated

from pydantic import BaseModel, Field

from calendula.booking.overrides import Overridable
from calendula.http.fields import Body, Id, Instant, Name


class Move(Overridable):
    """Another time for an appointment, and for the staff maybe another doctor."""

    start: Annotated[
        Instant,
        Field(description="Of a free slot.", examples=["2027-02-26T11:00:00+05:30"]),
    ]
    doctor_id: Annotated[
        Id | None, Field(description="To whom it goes, if to another. Only for the staff.")
    ] = None


class Cancellation(Body):
    """Why an appointment is cancelled, if somebody wants to say so."""

    reason: Annotated[Name | None, Field(examples=["I feel well again"])] = None


class NewToken(BaseModel):
    """Another access of the patient's own to an appointment."""

    manage_token: str = Field(
        description="As `Authorization: Bearer`. The tokens that were given before stay good."
    )

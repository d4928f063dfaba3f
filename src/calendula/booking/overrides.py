"""What the staff may ask for outside a doctor's hours and policy."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from calendula.http.fields import Body, Name

Length = Annotated[int, Field(strict=True, ge=5, le=480)]


class Overridable(Body):
    """A wish for a time that may go beyond what is offered. Only for the staff."""

    override: Annotated[
        bool, Field(strict=True, description="Outside hours and policy. Only for the staff.")
    ] = False
    reason: Annotated[
        Name | None,
        Field(
            description="Why, for an override. The log keeps it for good, so it must not name the "
            "patient."
        ),
    ] = None
    duration_minutes: Annotated[
        Length | None,
        Field(description="With an override, where neither a slot nor a visit type says it."),
    ] = None

    @model_validator(mode="after")
    def _give_a_reason(self) -> Self:
        if self.override != (self.reason is not None):
            raise ValueError("must have a reason where it has an override, and only there")
        if self.duration_minutes and not self.override:
            raise ValueError("must have no duration_minutes without an override")
        return self

"""What somebody has chosen and typed on their way to an appointment, and how it is shown.

Nothing of it is kept between the steps but what their forms carry, and the hold in the database.
"""

import secrets
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from calendula.booking.appointments.schemas import NewAppointment
from calendula.booking.holds.schemas import NewHold
from calendula.errors import Invalid
from calendula.http.fields import Body, Email, Id, Instant, Name, Note, Phone, Text
from calendula.pages import forms
from calendula.pages.forms import Fields, Mistakes

_Short = Annotated[Text, Field(max_length=100)]


class Details(Body):
    """Who is to be seen, as they type it."""

    name: Name
    email: Email | None = None
    phone: Phone | None = None
    note: Note = None


class Pick(Body):
    """What the hidden fields of the forms carry."""

    start: Instant
    visit_type: Id | None = None
    key: Annotated[_Short, Field(pattern="^[ -~]+$")]
    """Made when a form was first shown, so that sending it twice is as once."""
    hold: _Short | None = None
    """The token of the hold."""

    @classmethod
    def of(cls, fields: Fields) -> Self:
        """Return what a form carries; raise Invalid where it is not one of ours."""
        found = forms.read(cls, fields)
        if isinstance(found, Mistakes):
            raise Invalid("The form is incomplete.")
        return found

    def renewed(self) -> Self:
        """Return the same, for the booking of another appointment."""
        return self.model_copy(update={"key": secrets.token_urlsafe()})

    def to_hold(self, doctor_id: UUID) -> NewHold:
        """Return the hold that is wanted."""
        return NewHold.model_validate(self._wanted(doctor_id))

    def to_book(self, doctor_id: UUID, who: Details) -> NewAppointment:
        """Return the appointment that is wanted."""
        patient = who.model_dump(exclude={"note"})
        more = {"patient": patient, "note": who.note, "hold": self.hold}
        return NewAppointment.model_validate({**self._wanted(doctor_id), **more})

    def hidden(self) -> dict[str, str]:
        """Return the hidden fields that carry it on."""
        carried = self.model_dump(mode="json", exclude_none=True)
        return {name: str(value) for name, value in carried.items()}

    def carried(self) -> dict[str, str]:
        """Return the hidden fields of a form in which another time is chosen."""
        return {name: value for name, value in self.hidden().items() if name != "start"}

    def _wanted(self, doctor_id: UUID) -> dict[str, str | None]:
        """Return what it says as it goes over the wire."""
        visit_type = str(self.visit_type) if self.visit_type else None
        start = self.start.isoformat()
        return {"doctor_id": str(doctor_id), "start": start, "visit_type_id": visit_type}


def typed(fields: Fields) -> dict[str, str]:
    """Return what somebody has typed, as they typed it."""
    return {name: fields[name] for name in Details.model_fields if name in fields}

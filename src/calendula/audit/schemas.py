from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from calendula.database import JsonObject
from calendula.events.models import Event


class EventInfo(BaseModel):
    """What happened, when, and by whom."""

    number: int = Field(description="Later events have greater numbers; some are never given.")
    at: datetime
    action: str = Field(examples=["appointment.booked"])
    actor: str = Field(
        description="`public`, `key:` and a key's id, `token:` and an appointment's or hold's id, "
        "`command`, `system`, or who else it was.",
        examples=["key:01a208db-9349-7100-9895-d12a577ccc6c"],
    )
    doctor_id: UUID | None
    appointment_id: UUID | None
    patient_id: UUID | None
    data: JsonObject = Field(description="What else there is to say; edits have before and after.")
    hash: str = Field(
        description="SHA-256 of the event and of the hash before it, in hexadecimal digits."
    )

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return an event as it goes over the wire."""
        return cls(
            number=event.number,
            at=event.at,
            action=event.action,
            actor=event.actor,
            doctor_id=event.doctor_id,
            appointment_id=event.appointment_id,
            patient_id=event.patient_id,
            data=event.data,
            hash=event.hash.hex(),
        )


class EventPage(BaseModel):
    """A part of the log."""

    items: list[EventInfo]
    next: str = Field(
        description="`cursor` of what comes behind this page. It is always there: on the last page "
        "and on an empty one, it waits for events that have not happened yet."
    )

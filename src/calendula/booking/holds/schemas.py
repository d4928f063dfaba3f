import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from calendula.appointments.models import Appointment
from calendula.doctors.models import Doctor
from calendula.http.fields import Body, Id, Instant

MOST_MINUTES = 240
_START = "2027-02-26T10:00:00+05:30"


class NewHold(Body):
    """A time of a doctor that is to be kept while somebody makes up their mind."""

    doctor_id: Id
    start: Annotated[Instant, Field(description="Of a free slot.", examples=[_START])]
    visit_type_id: Annotated[
        Id | None, Field(description="As long as a visit of this kind; else as long as the slot.")
    ] = None
    minutes: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES)] | None,
        Field(description="How long it is kept. More than usual only for the staff."),
    ] = None


class HoldInfo(BaseModel):
    """A time that is kept."""

    id: UUID
    doctor_id: UUID
    date: dt.date = Field(description="In the doctor's time zone.")
    time_slot: str = Field(examples=["10:00 AM - 10:30 AM"])
    start: dt.datetime = Field(description="With the doctor's offset.", examples=[_START])
    end: dt.datetime
    expires_at: dt.datetime
    token: str = Field(
        description="Whoever has it may book the time (`hold` of a booking), or let it go "
        "(`Authorization: Bearer`).",
        examples=["mng_Gk0q3mT0a1nYxkq4c9y0mJ4D7iYy1sQ8oC5l2V6bZ3A"],
    )


def shown(hold: Appointment, doctor: Doctor) -> dict[str, Any]:
    """Return what is shown of a hold, but for its token."""
    assert hold.expires_at is not None  # noqa: S101 - a constraint says so
    zone = doctor.zone
    return {
        "id": str(hold.id),
        "doctor_id": str(hold.doctor_id),
        "date": hold.date.isoformat(),
        "time_slot": hold.slot,
        "start": hold.starts_at.astimezone(zone).isoformat(),
        "end": hold.ends_at.astimezone(zone).isoformat(),
        "expires_at": hold.expires_at.isoformat(),
    }

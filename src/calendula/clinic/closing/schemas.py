"""What goes over the wire where a doctor's date is closed."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from calendula.appointments.models import Appointment
from calendula.appointments.schemas import AppointmentInfo
from calendula.availability.schemas import DatedSlot
from calendula.clinic.closing.proposals import Proposal
from calendula.clinic.schemas import Edited
from calendula.http.fields import Body, LocalDate, Name, one_of


class What(StrEnum):
    """What is to be done with the appointments of a date."""

    CANCEL = "cancel"
    MOVE = "move"


class To(StrEnum):
    """With whom free slots are looked for."""

    DOCTOR = "doctor"
    SPECIALTY = "specialty"


class Result(StrEnum):
    """What became of an appointment."""

    CANCELLED = "cancelled"
    MOVED = "moved"
    KEPT = "kept"
    """Its patient is with the doctor already."""
    UNPLACED = "unplaced"
    """No slot is free within a year. It stays as it was, without the doctor's time."""


class Closing(Body):
    """A date on which a doctor sees nobody after all."""

    date: Annotated[
        LocalDate,
        Field(description="In the doctor's zone; not a past one.", examples=["2027-02-26"]),
    ]
    action: Annotated[What, one_of(What), Field(description="With the appointments of the date.")]
    to: Annotated[
        To,
        one_of(To),
        Field(
            description="Where free slots are looked for: the same doctor's, or those of all who "
            "have the same specialty."
        ),
    ] = To.DOCTOR
    reason: Annotated[
        Name | None,
        Field(
            description="Kept with what is cancelled, and not in the log.",
            examples=["The doctor is ill"],
        ),
    ] = None


class ProposalInfo(DatedSlot):
    """A slot of a doctor, with that doctor's offsets."""

    doctor_id: UUID

    @classmethod
    def proposed(cls, proposal: Proposal) -> Self:
        """Return a proposal as it goes over the wire."""
        slot = DatedSlot.dated(proposal.slot, proposal.doctor.zone)
        return cls(**slot.model_dump(), doctor_id=proposal.doctor.id)


class OutcomeInfo(BaseModel):
    """What became of an appointment of the date."""

    appointment: AppointmentInfo
    outcome: Annotated[
        Result,
        Field(
            description="`kept` is one whose patient is checked in, and `unplaced` one for which "
            "nothing is free within a year: both stay where they are."
        ),
    ]
    proposal: Annotated[
        ProposalInfo | None,
        Field(
            description="Where it went. For one that is cancelled, the first free slot that can be "
            "offered to the patient; it is not reserved."
        ),
    ]

    @classmethod
    def of(cls, appointment: Appointment, outcome: Result, proposal: Proposal | None) -> Self:
        """Return an outcome as it goes over the wire, the appointment as it is now."""
        return cls(
            appointment=AppointmentInfo.of(appointment),
            outcome=outcome,
            proposal=proposal and ProposalInfo.proposed(proposal),
        )


class Closed(BaseModel):
    """A date that was closed, or would be, and what became of each of its appointments."""

    dry_run: bool
    date: dt.date
    outcomes: list[OutcomeInfo] = Field(description="In time order.")
    effects: Edited

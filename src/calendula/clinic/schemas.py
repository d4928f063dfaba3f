"""What an edit of timetables answers."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, Field

from calendula.appointments.models import Appointment
from calendula.appointments.orphans import Effects
from calendula.appointments.schemas import AppointmentInfo


class Edited(BaseModel):
    """What an edit did to appointments, or would do."""

    dry_run: bool
    orphaned: list[AppointmentInfo] = Field(description="They have lost their time, and stay.")
    restored: list[AppointmentInfo] = Field(description="They had lost it and have it again.")

    @classmethod
    def of(cls, effects: Effects, *, dry_run: bool) -> Self:
        """Return the effects of an edit as they go over the wire."""
        return cls(
            dry_run=dry_run,
            orphaned=_infos(effects.orphaned),
            restored=_infos(effects.restored),
        )


def _infos(appointments: Sequence[Appointment]) -> list[AppointmentInfo]:
    return [AppointmentInfo.of(appointment) for appointment in appointments]

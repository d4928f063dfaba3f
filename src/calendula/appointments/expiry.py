"""Holds that have expired: they keep nobody out, but the constraints know of no clock."""

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import log
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status

ENDED = {"expires_at": None, "held_by": None, "hold_number": None}
"""What a hold has, and nothing else."""


def end(session: Session, which: ColumnElement[bool]) -> None:
    """Let those of some holds that have expired stand in nobody's way."""
    now = clock.now()
    expired = Appointment.status == Status.PENDING, Appointment.expires_at <= now
    ending = (
        update(Appointment)
        .where(which, *expired)
        .values(
            status=Status.CANCELLED.value,
            version=Appointment.version + 1,
            updated_at=now,
            **ENDED,
        )
        .returning(Appointment)
    )
    options = {"populate_existing": True, "synchronize_session": False}
    for hold in session.scalars(ending, execution_options=options):
        before = {**log.state(hold), "status": Status.PENDING.value}
        log.record(session, "hold.expired", hold, actor="system", before=before)

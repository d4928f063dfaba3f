"""A time that is kept for somebody for some minutes, before they book it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import expiry, log, service
from calendula.appointments.models import Appointment
from calendula.appointments.offers import Choice
from calendula.appointments.status import Status
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, NotFound
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Timetable


class TooManyHolds(Conflict):
    """The client holds as many times as one may."""

    code = "too-many-holds"


class UnknownHold(NotFound):
    """There is no such hold, or it was booked."""

    code = "unknown-hold"


def place(
    session: Session,
    doctor: Doctor,
    choice: Choice,
    *,
    holder: str,
    most: int,
    lasts: timedelta,
    actor: str,
    past: bool,
) -> Appointment:
    """Keep what somebody wants of a doctor's time for as long as it `lasts`.

    `holder` says whose the hold is, of which there are `most` at a time. Raises as `service.book`,
    and TooManyHolds.
    """
    expiry.make_way(session, doctor, Appointment.held_by == holder)

    def columns(_timetable: Timetable, _slot: Slot) -> Mapping[str, Any]:
        return {
            "status": Status.PENDING.value,
            "held_by": holder,
            "hold_number": _free_number(session, holder, most),
            "expires_at": clock.now() + lasts,
        }

    hold = service.win(session, doctor, choice, columns, past=past, clashes=most)
    log.record(session, "hold.placed", hold, actor=actor, before=None)
    return hold


def release(session: Session, hold_id: UUID, *, actor: str) -> Appointment | None:
    """Let a hold stand in nobody's way; return it, or None where it has ended and stays so.

    Raises UnknownHold.
    """
    query = select(Appointment).where(Appointment.id == hold_id).with_for_update()
    hold = session.scalar(query)
    if hold is None or hold.patient_id is not None:
        raise UnknownHold("There is no such hold.")
    if hold.status != Status.PENDING:
        return None
    let_go(session, hold, actor=actor)
    return hold


def let_go(session: Session, hold: Appointment, *, actor: str) -> None:
    """End a hold that has not ended, whose row is locked."""
    before = log.state(hold)
    for name, value in expiry.ENDED.items():
        setattr(hold, name, value)
    hold.status = Status.CANCELLED.value
    hold.version += 1
    hold.updated_at = clock.now()
    session.flush()
    log.record(session, "hold.released", hold, actor=actor, before=before)


def _free_number(session: Session, holder: str, most: int) -> int:
    """Return a number that none of the holder's holds has: a constraint keeps each from two.

    So there are never more of them than numbers, however many are asked for at once.
    """
    query = select(Appointment.hold_number, Appointment.expires_at).where(
        Appointment.held_by == holder, Appointment.status == Status.PENDING
    )
    theirs = {row.hold_number: row.expires_at for row in session.execute(query)}
    number = next((number for number in range(1, most + 1) if number not in theirs), None)
    if number is None:
        raise TooManyHolds(
            "So many times are held already. Book or release one first.",
            retry_after=_seconds_until(min(it for it in theirs.values() if it)),
        )
    return number


def _seconds_until(instant: datetime) -> int:
    return max(1, ceil((instant - clock.now()) / timedelta(seconds=1)))

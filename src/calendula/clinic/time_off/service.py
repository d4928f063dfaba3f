"""The edits that give time off, and take it back."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.orphans import Effects
from calendula.clinic import edits
from calendula.clinic.time_off.schemas import LoggedTimeOff, NewTimeOff
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import NotFound
from calendula.http.etags import Precondition
from calendula.timetables.models import TimeOff
from calendula.timetables.slots import Span


class UnknownTimeOff(NotFound):
    """There is no such time off, or it is another doctor's."""

    code = "unknown-time-off"


def begin_for_everyone(session: Session, precondition: Precondition) -> Sequence[Doctor]:
    """Lock the clinic and all doctors for an edit; raise Stale where the clinic was edited."""
    edits.begin_for_clinic(session, precondition)
    return edits.begin_for_all(session)


def add(
    session: Session, new: NewTimeOff, whose: Doctor | Sequence[Doctor], *, actor: str
) -> tuple[TimeOff, Effects]:
    """Give a doctor, or all of them, time off; return it, and what it does to appointments.

    The edit must have begun.
    """
    off = TimeOff(
        id=new_id(),
        doctor_id=edits.id_of(whose),
        starts_at=new.start,
        ends_at=new.end,
        reason=new.reason,
        created_at=clock.now(),
    )
    session.add(off)
    within = Span(new.start, new.end)
    after = LoggedTimeOff.of(off)
    return off, edits.end(
        session, whose, "time off", actor=actor, before=None, after=after, within=within
    )


def remove(
    session: Session, time_off_id: UUID, whose: Doctor | Sequence[Doctor], *, actor: str
) -> Effects:
    """Take time off back; return what that does to appointments.

    The edit must have begun. Raises UnknownTimeOff where it is not that of `whose`.
    """
    off = session.get(TimeOff, time_off_id)
    if off is None or off.doctor_id != edits.id_of(whose):
        raise UnknownTimeOff("There is no such time off.")
    session.delete(off)
    within = Span(off.starts_at, off.ends_at)
    before = LoggedTimeOff.of(off)
    return edits.end(
        session, whose, "time off", actor=actor, before=before, after=None, within=within
    )

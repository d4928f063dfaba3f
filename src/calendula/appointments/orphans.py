"""Appointments whose time the doctor's timetable has lost since they were booked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import times
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.database import batches
from calendula.doctors.models import Doctor
from calendula.events import service as events
from calendula.events.service import About
from calendula.intervals import Part
from calendula.timetables import service as timetables
from calendula.timetables.slots import Span


@dataclass
class Effects:
    """What an edit of timetables did to appointments, each list by doctor and in time order."""

    orphaned: list[Appointment] = field(default_factory=list)
    """Those that have lost their time."""
    restored: list[Appointment] = field(default_factory=list)
    """Those that had lost it and have it again."""


def mark(
    session: Session, some: Sequence[Doctor], *, actor: str, within: Span | None = None
) -> Effects:
    """Mark the doctors' appointments ahead that their timetables do not support, and only them.

    With `within`, only appointments that take a part of that time are looked at. The doctors
    must be locked against bookings: a booking that came before is seen then, and one that comes
    after sees the edit. So does the booking of a hold; what was booked outside the timetable on
    purpose needs nobody's care.
    """
    effects = Effects()
    for doctors in batches(some):
        _compare(session, doctors, within, effects)
    _write(session, "appointment.orphaned", effects.orphaned, actor, orphaned=True)
    _write(session, "appointment.restored", effects.restored, actor, orphaned=False)
    return effects


def _write(
    session: Session, action: str, changed: Sequence[Appointment], actor: str, *, orphaned: bool
) -> None:
    for appointment in changed:
        appointment.orphaned = orphaned
        appointment.version += 1
        appointment.updated_at = clock.now()
    session.flush()
    about = [About(it.doctor_id, it.id, it.patient_id) for it in changed]
    said = {"before": {"orphaned": not orphaned}, "after": {"orphaned": orphaned}}
    data = dict.fromkeys((it.id for it in changed), said)
    events.record_each(session, action, actor=actor, about=about, data=data)


def _compare(
    session: Session, doctors: Sequence[Doctor], within: Span | None, effects: Effects
) -> None:
    time = times.ahead()
    if within is not None:
        time = Part(max(time.start, within.start), within.end)
    held = times.held_by(doctors, time)
    query = held.where(Appointment.status != Status.PENDING, ~Appointment.overridden)
    appointments = session.scalars(query).all()
    if not appointments:
        return
    dates = [appointment.date for appointment in appointments]
    known = timetables.load_all(session, doctors, min(dates), max(dates))
    for appointment in appointments:
        timetable = known[appointment.doctor_id]
        supported = timetable.supports(appointment.starts_at, appointment.ends_at)
        if supported and appointment.orphaned:
            effects.restored.append(appointment)
        elif not supported and not appointment.orphaned:
            effects.orphaned.append(appointment)

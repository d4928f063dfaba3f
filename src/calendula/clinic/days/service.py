"""What there is on a date of a doctor's."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import times
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.doctors.models import Doctor
from calendula.timetables import service as timetables
from calendula.timetables.models import TimeOff
from calendula.timetables.slots import whole_day


def appointments(session: Session, doctor: Doctor, day: date) -> Sequence[Appointment]:
    """Return the appointments of a doctor's date in time order, whatever their status."""
    return session.scalars(_on(doctor, day).where(Appointment.patient_id.is_not(None))).all()


def holds(session: Session, doctor: Doctor, day: date) -> Sequence[Appointment]:
    """Return the holds of a doctor's date that have not expired, in time order."""
    live = Appointment.status == Status.PENDING, times.is_live(clock.now())
    return session.scalars(_on(doctor, day).where(*live)).all()


def time_off(session: Session, doctor: Doctor, day: date) -> list[TimeOff]:
    """Return the time off that takes a part of a doctor's date, in time order."""
    whole = whole_day(day, doctor.zone)
    if whole is None:
        return []
    found = timetables.time_off_during(session, doctor.id, whole.start, whole.end)
    return sorted(found, key=lambda off: (off.starts_at, off.id))


def _on(doctor: Doctor, day: date) -> Select[Appointment]:
    query = select(Appointment).where(times.starts_on(doctor, day))
    return query.order_by(Appointment.starts_at, Appointment.id)

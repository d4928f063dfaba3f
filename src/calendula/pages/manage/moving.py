"""Which times a patient can move an appointment to."""

from datetime import datetime

from sqlalchemy.orm import Session

from calendula.appointments.offers import ByStart
from calendula.availability import service as availability
from calendula.booking import choices
from calendula.pages.booking import seeing
from calendula.pages.booking.seeing import Asked
from calendula.pages.manage.showing import View
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Visit

_NEAREST = 3


def look(session: Session, view: View, asked: Asked, first_weekday: int) -> seeing.View:
    """Return what the doctor has about the day that is asked for."""
    return seeing.look(session, view.doctor, _visit(session, view), asked, first_weekday)


def find(session: Session, view: View, start: datetime) -> Slot | None:
    """Return the free time that begins at an instant; None where none does."""
    day = ByStart(start).day(view.doctor.zone)
    visit = _visit(session, view)
    (found,) = availability.days(session, view.doctor, day, day, past=False, visit=visit)
    return next((slot for slot in found.free if slot.start == start), None)


def nearest(session: Session, view: View, start: datetime) -> list[Slot]:
    """Return the first free times from an instant on, or from now."""
    visit = _visit(session, view)
    return availability.next_free(session, view.doctor, _NEAREST, visit, start=start)


def _visit(session: Session, view: View) -> Visit | None:
    """Return what the appointment's kind of visit needs."""
    kind = view.appointment.visit_type_id
    return choices.visit(session, kind, view.doctor.id, staff=True)

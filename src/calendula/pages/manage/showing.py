"""What a patient sees of their appointment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from fastapi import Response
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import changes, cutoffs, lifecycle
from calendula.appointments.cutoffs import TooLate
from calendula.appointments.lifecycle import Action, TransitionNotAllowed
from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.doctors.models import Doctor
from calendula.errors import CalendulaError, Stale
from calendula.http import problems
from calendula.pages.languages import marked as _
from calendula.pages.manage.opening import Own
from calendula.pages.reader import Reader
from calendula.timetables import service as timetables
from calendula.timetables.models import Clinic
from calendula.timetables.policy import Policy
from calendula.visit_types.models import VisitType

_STATUS: Mapping[str, str] = {
    Status.BOOKED: _("Booked"),
    Status.ARRIVED: _("You have arrived"),
    Status.CHECKED_IN: _("You have checked in"),
    Status.FULFILLED: _("You have been seen"),
    Status.CANCELLED: _("Cancelled"),
    Status.NOSHOW: _("You did not come"),
    Status.ENTERED_IN_ERROR: _("Booked by mistake"),
}
_ENDED = {Status.FULFILLED, Status.CANCELLED, Status.NOSHOW, Status.ENTERED_IN_ERROR}
_REFUSALS: Mapping[type[CalendulaError], tuple[str, str]] = {
    Stale: (
        _("Your appointment has changed since you last looked"),
        _("Nothing was changed now. This is your appointment as it is today."),
    ),
    TooLate: (
        _("It is too late to change this appointment here"),
        _("Nothing was changed. The clinic can still help you."),
    ),
    TransitionNotAllowed: (
        _("This appointment cannot be changed any more"),
        _("Nothing was changed. This is how it stands."),
    ),
}
REFUSALS = frozenset(_REFUSALS)
"""The errors after which a patient is shown how the appointment stands, and why."""


class View(NamedTuple):
    """An appointment with all that is shown beside it."""

    appointment: Appointment
    doctor: Doctor
    visit_type: str | None
    clinic: Clinic
    policy: Policy

    @property
    def status(self) -> str:
        """What has become of it, in words that are marked for the translators."""
        return _STATUS[self.appointment.status]

    @property
    def ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.appointment.status in _ENDED

    @property
    def move_until(self) -> datetime | None:
        """Until when the patient can still move it; None where they cannot."""
        return self._until(Action.MOVE)

    @property
    def cancel_until(self) -> datetime | None:
        """Until when the patient can still cancel it; None where they cannot."""
        return self._until(Action.CANCEL)

    def _until(self, action: Action) -> datetime | None:
        end = cutoffs.ends(self.appointment, self.policy).get(action)
        return end if end is not None and clock.now() < end else None


def look(session: Session, own: Own) -> View:
    """Return a patient's appointment as it is now."""
    appointment = changes.get(session, own.id)
    doctor = session.get_one(Doctor, appointment.doctor_id)
    kind = appointment.visit_type_id and session.get(VisitType, appointment.visit_type_id)
    return View(
        appointment,
        doctor,
        kind.name if kind else None,
        timetables.clinic(session),
        timetables.policy_of(session, doctor),
    )


def check(view: View, own: Own, action: Action) -> None:
    """Raise one of REFUSALS where the last step of a change would, which asks the service."""
    own.precondition.check(view.appointment.version)
    cutoffs.check(view.appointment, view.policy, action, clock.now(), "")
    lifecycle.check(view.appointment, action, clock.now())


def show(
    reader: Reader, own: Own, view: View, template: str, status: int = 200, **context: Any
) -> Response:
    """Return a page about an appointment."""
    return reader.show(
        f"manage/{template}",
        status,
        own=own,
        view=view,
        zone=view.doctor.zone,
        clinic_name=view.clinic.name,
        **context,
    )


def show_refusal(reader: Reader, own: Own, view: View, error: CalendulaError) -> Response:
    """Return the page of an appointment that says why one of REFUSALS left it as it is."""
    told = _REFUSALS[type(error)]
    status = int(problems.status_of(error))
    return show(reader, own, view, "appointment.html", status, done=None, told=told)

"""What the desk's form for a booking says: who, with whom, and when."""

from typing import Any
from zoneinfo import ZoneInfo

from calendula.booking.appointments.schemas import NewAppointment
from calendula.http.fields import Email, Id, Identifier, Name, Note, Phone
from calendula.pages.desk import times
from calendula.pages.desk.mistakes import OF_PATIENT, Sentences
from calendula.pages.desk.times import Chosen
from calendula.pages.forms import Fields, Mistakes, read
from calendula.pages.languages import marked as _


class Wish(Chosen):
    """A booking that the desk wants. A patient is somebody known, or new where nobody is chosen."""

    doctor: Id
    visit_type: Id | None = None
    patient: Id | None = None
    name: Name | None = None
    identifier: Identifier | None = None
    email: Email | None = None
    phone: Phone | None = None
    note: Note | None = None


SENTENCES: Sentences = {
    "doctor": {"missing": _("Choose a doctor."), "wrong": _("Choose a doctor.")},
    **times.SENTENCES,
    "visit_type": {"wrong": _("Choose a kind of visit.")},
    "patient": {"wrong": _("Choose a patient.")},
    "name": {
        "missing": _("Enter the name of the patient, or find somebody known."),
        "wrong": _("The name must be one line of at most 200 characters."),
    },
    **OF_PATIENT,
    "note": {"wrong": _("Write the note again in 1,000 characters or fewer")},
}
NEW = "new"
"""What the form says instead of a known patient's id."""


def understand(fields: Fields) -> Wish | Mistakes:
    """Return what a form wishes, or which of its fields are at fault."""
    said = {name: value for name, value in fields.items() if (name, value) != ("patient", NEW)}
    wish = read(Wish, said)
    if isinstance(wish, Mistakes):
        return wish
    missing = wish.missing(with_length=wish.visit_type is None)
    if wish.patient is None and wish.name is None:
        missing["name"] = "missing"
    return Mistakes(missing) if missing else wish


def booking_of(wish: Wish, zone: ZoneInfo) -> NewAppointment | Mistakes:
    """Return the booking that fulfils a wish, with a doctor of this zone."""
    start = wish.instant(zone)
    if start is None:
        return Mistakes({"time": "wrong"})
    who: dict[str, Any] = {"patient_id": str(wish.patient)}
    if wish.patient is None:
        details = wish.model_dump(include={"name", "identifier", "email", "phone"})
        who = {"patient": details}
    return NewAppointment.model_validate(
        {
            "doctor_id": str(wish.doctor),
            "start": start.isoformat(),
            "visit_type_id": wish.visit_type and str(wish.visit_type),
            "note": wish.note,
            **who,
            **wish.wish(),
        }
    )

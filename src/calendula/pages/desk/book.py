"""The desk books for a patient: somebody known or new, at a free time or at one by hand."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from calendula.access import tokens
from calendula.appointments import own_access
from calendula.booking import choices
from calendula.booking.appointments import service
from calendula.booking.appointments.schemas import NewAppointment
from calendula.clinic.patients import service as records
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, Invalid
from calendula.http import problems
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import parse_id
from calendula.idempotency.service import KeyReused
from calendula.pages import sentences
from calendula.pages.desk import finding
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.pages.desk.mistakes import tell
from calendula.pages.desk.wish import NEW, SENTENCES, booking_of, understand
from calendula.pages.forms import Fields, FormFields, Mistakes
from calendula.pages.languages import marked as _
from calendula.pages.sentences import Told
from calendula.patients.models import Patient
from calendula.settings import Settings
from calendula.timetables import service as timetables
from calendula.visit_types import service as visit_types
from calendula.visit_types.models import VisitType

_BOOK = f"{DESK}/book"
_SENT = (
    _("There is a problem"),
    _("This form was sent before, with something else in it. See the day, then send it again."),
)
_KEY_BYTES = 16

router = APIRouter(route_class=DeskRoute)


class Problem(NamedTuple):
    """Why a form is shown again."""

    status: int = 200
    mistakes: Mapping[str, str] = {}
    """What is wrong, by field."""
    told: Told | None = None
    """What stands against the whole."""
    others: Sequence[datetime] = ()
    """When it may be instead."""


@router.get(_BOOK)
def desk_book(
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    doctor: Annotated[str, Query()] = "",
    start: Annotated[str, Query()] = "",
    date: Annotated[str, Query()] = "",
) -> Response:
    """Ask for whom a time is to be booked; without a start, also for which."""
    asked = {"doctor": doctor, "start": start, "date": date}
    return _show(database, desk, {name: it for name, it in asked.items() if it}, Problem())


@router.post(_BOOK)
def desk_make_booking(
    fields: FormFields, desk: DeskOfRequest, database: DatabaseOfApp, settings: SettingsOfApp
) -> Response:
    """Find the patient, ask for another time, or book."""
    if (unfinished := _unfinished(fields)) is not None:
        return _show(database, desk, unfinished, Problem())
    wish = understand(fields)
    if isinstance(wish, Mistakes):
        return _show(database, desk, fields, _at_fields(desk, wish))
    desk.refuse_other(wish.doctor)
    with database.read() as session:
        doctor = doctors.by_id(session, wish.doctor)
    new = booking_of(wish, doctor.zone)
    if isinstance(new, Mistakes):
        return _show(database, desk, fields, _at_fields(desk, new))
    try:
        return _book(database, settings, desk, new, fields.get("once"))
    except (Conflict, Invalid) as error:
        if isinstance(error, Invalid) and not isinstance(error, KeyReused):
            return _show(database, desk, fields, _at_fields(desk, Mistakes({"reason": "wrong"})))
        return _show(database, desk, fields, refusal(desk, error))


def _unfinished(fields: Fields) -> Fields | None:
    """Return what a form says that does not book yet; None where it does."""
    if fields.get("step") == "other-time":
        return {name: it for name, it in fields.items() if name != "start"}
    return fields if _looks_for_somebody(fields) else None


def _looks_for_somebody(fields: Fields) -> bool:
    """Tell whether a form is to find the patient: by its button, or by Enter in that field."""
    nobody_yet = "name" not in fields and fields.get("patient", NEW) == NEW
    return fields.get("step") == "find" or ("find" in fields and nobody_yet)


def refusal(desk: Desk, error: Conflict | Invalid) -> Problem:
    """Return in words why something cannot be had, and the times that can."""
    status = int(problems.noted(desk.reader.request, error))
    told = sentences.of(desk.reader, error, status)
    if isinstance(error, KeyReused):
        told = Told(*map(desk.reader.text, _SENT))
    found = error.members.get("next_slots")
    slots = found if isinstance(found, list) else []
    others = [datetime.fromisoformat(slot["start"]) for slot in slots]
    return Problem(status, told=told, others=others)


def _at_fields(desk: Desk, mistakes: Mistakes) -> Problem:
    return Problem(422, tell(desk.reader, mistakes, SENTENCES))


def _book(
    database: Database, settings: Settings, desk: Desk, new: NewAppointment, once: str | None
) -> Response:
    wanted = new.doctor_id, new.visit_type_id, new.start
    with choices.others_offered(database, *wanted), database.write() as session:
        outcome = service.book(session, settings, new, desk.caller, once, client=None)
        clinic_name = timetables.clinic(session).name
        doctor = doctors.by_id(session, new.doctor_id)
        patient = new.patient_id and session.get_one(Patient, new.patient_id)
    start, end = (datetime.fromisoformat(str(outcome.answer[it])) for it in ("start", "end"))
    return desk.show(
        "desk/booked.html",
        201,
        headers=own_access.said_again(outcome),
        clinic_name=clinic_name,
        appointment_id=outcome.answer["id"],
        doctor=doctor,
        start=start,
        end=end,
        who=patient.name if patient else new.patient and new.patient.name,
        token=outcome.secret and tokens.write(outcome.secret),
    )


def _show(database: Database, desk: Desk, fields: Fields, problem: Problem) -> Response:
    """Return the form with what was typed; whose data it shows is written down."""
    with database.write() as session:
        doctor = _doctor(session, desk, fields.get("doctor"))
        kinds = visit_types.visible(staff=True, doctor_id=doctor.id if doctor else None)
        return desk.show(
            "desk/book.html",
            problem.status,
            clinic_name=timetables.clinic(session).name,
            typed=fields,
            start=_instant(fields.get("start"), doctor),
            doctor=doctor,
            everyone=[it for it in doctors.everyone(session) if it.active],
            visit_types=session.scalars(kinds.order_by(VisitType.name_key)).all(),
            found=_found(session, desk, fields),
            problem=problem,
            once=secrets.token_hex(_KEY_BYTES),
        )


def _doctor(session: Session, desk: Desk, asked: str | None) -> Doctor | None:
    """Return the doctor who is chosen; of a doctor, themselves."""
    doctor_id = parse_id(asked) or desk.caller.doctor_id
    if doctor_id is None:
        return None
    desk.refuse_other(doctor_id)
    return doctors.by_id(session, doctor_id)


def _found(session: Session, desk: Desk, fields: Fields) -> Sequence[Patient] | None:
    """Return who was looked for, or is chosen already; None where nobody was."""
    if not desk.may("search_patients"):
        return None
    if text := fields.get("find"):
        return finding.find(session, text, desk.caller) if finding.is_sensible(text) else []
    chosen = parse_id(fields.get("patient"))
    patient = session.get(Patient, chosen) if chosen and fields.get("patient") != NEW else None
    if patient is None:
        return None
    records.note_read(session, [patient], desk.caller)
    return [patient]


def _instant(text: str | None, doctor: Doctor | None) -> datetime | None:
    """Return the instant of a doctor's free time that was chosen; None where it is none."""
    try:
        instant = datetime.fromisoformat(text or "")
        return instant.astimezone(doctor.zone) if doctor and instant.tzinfo else None
    except (ValueError, OverflowError):
        return None

"""A doctor's day is closed, once it was shown what becomes of each of its appointments."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.clinic.closing import service
from calendula.clinic.closing.schemas import Closing, OutcomeInfo, ProposalInfo, Result
from calendula.clinic.closing.service import Closer
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Stale
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.etags import Precondition
from calendula.http.fields import PathId
from calendula.pages import forms, sentences
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.pages.desk.listed import Listed, listed
from calendula.pages.desk.mistakes import Sentences, tell
from calendula.pages.forms import Fields, FormFields, Mistakes
from calendula.pages.languages import marked as _
from calendula.timetables import service as timetables

_PATH = f"{DESK}/doctors/{{doctor_id}}/close-day"
_USUAL = {"action": "move", "to": "doctor"}
_SENTENCES: Sentences = {
    "date": {
        "missing": _("Enter the day."),
        "wrong": _("Enter the day as a date of the calendar."),
        "past": _("The day must not have passed."),
    },
    "action": {"wrong": _("Choose what is to be done with the appointments.")},
    "to": {"wrong": _("Choose with whom free times are looked for.")},
    "reason": {"wrong": _("Enter a shorter reason, of plain letters.")},
}

router = APIRouter(route_class=DeskRoute)


class Fate(NamedTuple):
    """What becomes of an appointment, and where it goes or could go."""

    it: Listed
    result: Result
    proposal: ProposalInfo | None
    doctor: Doctor | None
    """Whose time is proposed."""


@router.get(_PATH)
def desk_close_day_form(
    doctor_id: PathId, desk: DeskOfRequest, database: DatabaseOfApp
) -> Response:
    """Ask which day is to be closed, and how."""
    return _ask(desk, database, doctor_id, _USUAL)


@router.post(_PATH)
def desk_close_day(
    doctor_id: PathId,
    fields: FormFields,
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Show what would become of the day's appointments, or close the day."""
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
    wanted = forms.read(Closing, fields)
    if isinstance(wanted, Mistakes):
        return _ask(desk, database, doctor_id, fields, wanted)
    if wanted.date < clock.now().astimezone(doctor.zone).date():
        return _ask(desk, database, doctor_id, fields, Mistakes({"date": "past"}))
    if fields.get("step") == "change":
        return _ask(desk, database, doctor_id, fields)
    closer = Closer(wanted, desk.caller.actor, settings.token_days)
    preview, stale = fields.get("step") != "do", None
    try:
        outcomes = _close(database, doctor_id, closer, None if preview else _seen(fields))
    except Stale as error:
        preview, stale = True, error
        outcomes = _close(database, doctor_id, closer, None)
    with database.write() as session:
        clinic_name = timetables.clinic(session).name
        fates = _fates(session, outcomes, desk.caller.actor)
    return desk.show(
        "desk/close_day_preview.html" if preview else "desk/day_closed.html",
        412 if stale else 200,
        problem=sentences.of(desk.reader, stale, 412) if stale else None,
        clinic_name=clinic_name,
        doctor=doctor,
        wanted=wanted,
        fates=fates,
        results=Result,
        typed=fields,
        home=settings.time_zone,
    )


def _seen(fields: Fields) -> set[str]:
    """Return the ids of the appointments that the preview has shown."""
    return set(fields.get("seen", "").split())


def _close(
    database: Database, doctor_id: UUID, closer: Closer, seen: set[str] | None
) -> list[OutcomeInfo]:
    """Close the day if its appointments are those that were seen; return what becomes of each.

    None is for the preview, which does nothing. Raises Stale where somebody has booked or cancelled
    since: nobody's appointment is dealt with unseen.
    """
    with database.write(dry_run=seen is None) as session:
        _doctor, outcomes, _effects = service.close(session, doctor_id, closer, Precondition())
        if seen is not None and seen != {str(it.appointment.id) for it in outcomes}:
            raise Stale("The appointments of the day are not those that were seen.")
    return outcomes


def _ask(
    desk: Desk,
    database: Database,
    doctor_id: UUID,
    typed: Mapping[str, str],
    mistakes: Mistakes | None = None,
) -> Response:
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
        clinic_name = timetables.clinic(session).name
    return desk.show(
        "desk/close_day.html",
        422 if mistakes else 200,
        clinic_name=clinic_name,
        doctor=doctor,
        today=clock.now().astimezone(doctor.zone).date(),
        typed=typed,
        mistakes=tell(desk.reader, mistakes, _SENTENCES) if mistakes else {},
    )


def _fates(session: Session, outcomes: Sequence[OutcomeInfo], actor: str) -> list[Fate]:
    """Return whom the outcomes are about, with their appointments as they are stored."""
    ids = [it.appointment.id for it in outcomes]
    found = session.scalars(select(Appointment).where(Appointment.id.in_(ids)))
    rows = {it.appointment.id: it for it in listed(session, found, actor=actor)}
    proposed = {it.proposal.doctor_id for it in outcomes if it.proposal}
    query = select(Doctor).where(Doctor.id.in_(proposed))
    those = {it.id: it for it in session.scalars(query)}
    return [
        Fate(
            rows[it.appointment.id],
            it.outcome,
            it.proposal,
            those[it.proposal.doctor_id] if it.proposal else None,
        )
        for it in outcomes
    ]

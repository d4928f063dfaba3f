"""A patient is found, looked at, and what is stored about them is put right."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.clinic.patients import service
from calendula.database import Database
from calendula.doctors.models import Doctor
from calendula.errors import Invalid
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import Email, Identifier, Name, PathId, Phone
from calendula.http.pagination import page
from calendula.pages import forms
from calendula.pages.desk import words
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.pages.desk.listed import Listed
from calendula.pages.desk.mistakes import OF_PATIENT, Sentences, tell
from calendula.pages.forms import Fields, FormFields, Mistakes
from calendula.pages.languages import marked as _
from calendula.pages.page import see
from calendula.patients import records
from calendula.patients.models import Patient
from calendula.patients.records import PatientExists
from calendula.timetables import service as timetables

_PATH = f"{DESK}/patients"
_MOST = 50
_SENTENCES: Sentences = {
    "name": {
        "missing": _("Enter the name."),
        "wrong": _("Enter a name, of letters that can be seen."),
        "nothing": _("Enter at least one thing to look for."),
        "exists": _("Another patient has this number and this name."),
    },
    **OF_PATIENT,
}

router = APIRouter(route_class=DeskRoute)


class Search(BaseModel):
    """What is known of who is looked for."""

    name: Name | None = None
    identifier: Identifier | None = None
    phone: Phone | None = None
    email: Email | None = None


class Details(BaseModel):
    """Who a patient is to be; what is left empty is nothing."""

    name: Name
    identifier: Identifier | None = None
    phone: Phone | None = None
    email: Email | None = None


class History(NamedTuple):
    """A patient's appointments, by time."""

    ahead: Sequence[Listed]
    past: Sequence[Listed]
    """The latest ones first, and only so many."""


@router.get(_PATH)
def desk_patients(desk: DeskOfRequest, database: DatabaseOfApp) -> Response:
    """Ask who is looked for."""
    return _ask(desk, database, {})


@router.post(_PATH)
def desk_find_patients(
    fields: FormFields, desk: DeskOfRequest, database: DatabaseOfApp
) -> Response:
    """List who is found. What was typed stands in no address: these are logged."""
    wanted = forms.read(Search, fields)
    if isinstance(wanted, Mistakes):
        return _ask(desk, database, fields, wanted)
    try:
        query = records.matching(**wanted.model_dump())
    except Invalid:
        return _ask(desk, database, fields, Mistakes({"name": "nothing"}))
    with database.write() as session:
        clinic_name = timetables.clinic(session).name
        order = [Patient.search_key, Patient.id]
        found, following = page(session, query, order, None, _MOST)
        service.note_read(session, found, desk.caller)
    return desk.show(
        "desk/patients.html",
        clinic_name=clinic_name,
        found=found,
        more=following is not None,
        typed=fields,
        mistakes={},
    )


@router.get(f"{_PATH}/{{patient_id}}")
def desk_patient(
    patient_id: PathId, desk: DeskOfRequest, database: DatabaseOfApp, settings: SettingsOfApp
) -> Response:
    """Show a patient; a doctor sees those who have an appointment with them."""
    return _show(desk, database, patient_id, home=settings.time_zone)


@router.post(f"{_PATH}/{{patient_id}}")
def desk_change_patient(
    patient_id: PathId,
    fields: FormFields,
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Change who a patient is. Who is booked under the old name later is another."""
    wanted = forms.read(Details, fields)
    if isinstance(wanted, Mistakes):
        return _show(desk, database, patient_id, fields, wanted, home=settings.time_zone)
    try:
        with database.write() as session:
            service.change(session, patient_id, wanted.model_dump(), desk.caller)
    except PatientExists:
        exists = Mistakes({"name": "exists"})
        return _show(desk, database, patient_id, fields, exists, home=settings.time_zone)
    return see(f"{_PATH}/{patient_id}?done=patient-changed", desk.reader.request)


def _ask(
    desk: Desk, database: Database, typed: Fields, mistakes: Mistakes | None = None
) -> Response:
    with database.read() as session:
        clinic_name = timetables.clinic(session).name
    return desk.show(
        "desk/patients.html",
        422 if mistakes else 200,
        clinic_name=clinic_name,
        found=None,
        more=False,
        typed=typed,
        mistakes=tell(desk.reader, mistakes, _SENTENCES) if mistakes else {},
    )


def _show(
    desk: Desk,
    database: Database,
    patient_id: UUID,
    typed: Fields | None = None,
    mistakes: Mistakes | None = None,
    *,
    home: str,
) -> Response:
    with database.write() as session:
        clinic_name = timetables.clinic(session).name
        patient = service.read(session, patient_id, desk.caller)
        history = _history(session, patient, desk.caller.doctor_id)
    return desk.show(
        "desk/patient.html",
        422 if mistakes else 200,
        clinic_name=clinic_name,
        patient=patient,
        history=history,
        states=words.STATES,
        typed=_stored(patient) if typed is None else typed,
        mistakes=tell(desk.reader, mistakes, _SENTENCES) if mistakes else {},
        home=home,
    )


def _stored(patient: Patient) -> Mapping[str, str]:
    return {name: getattr(patient, name) or "" for name in Details.model_fields}


def _history(session: Session, patient: Patient, doctor_id: UUID | None) -> History:
    """Return a patient's appointments, with one doctor or with all."""
    mine = [Appointment.doctor_id == doctor_id] if doctor_id else []
    query = (
        select(Appointment, Doctor)
        .join(Doctor, Doctor.id == Appointment.doctor_id)
        .where(Appointment.patient_id == patient.id, *mine)
    )
    now, start = clock.now(), Appointment.starts_at
    ahead = session.execute(query.where(Appointment.ends_at > now).order_by(start))
    past = query.where(Appointment.ends_at <= now).order_by(start.desc()).limit(_MOST)
    return History(
        [Listed(appointment, doctor, patient) for appointment, doctor in ahead],
        [Listed(appointment, doctor, patient) for appointment, doctor in session.execute(past)],
    )

"""Who works here."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from calendula.access.guard import CallerOfRequest
from calendula.access.roles import Caller
from calendula.appointments import times
from calendula.appointments.models import Appointment
from calendula.appointments.orphans import Effects
from calendula.appointments.schemas import AppointmentInfo
from calendula.appointments.status import Status
from calendula.clinic import edits, examples
from calendula.clinic.answers import STALE, UNKNOWN
from calendula.clinic.doctors.schemas import (
    DoctorChange,
    EditedDoctor,
    NewDoctor,
    PublicDoctor,
    StaffDoctor,
)
from calendula.clinic.parameters import DryRun, Flag
from calendula.clinic.schemas import Edited
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Conflict
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp, KnownQuery, SettingsOfApp
from calendula.http.etags import IfMatch
from calendula.http.fields import PathId, Words
from calendula.http.json_body import JsonRoute
from calendula.http.links import link
from calendula.http.pagination import Cursor, Limit, Page, page
from calendula.timetables import service as timetables

router = APIRouter(
    prefix="/v1/doctors", tags=["Doctors"], route_class=JsonRoute, dependencies=[KnownQuery]
)


_MOST_LISTED = 200


class HasAppointments(Conflict):
    """A doctor who has appointments ahead cannot just go."""

    code = "doctor-has-appointments"


@router.get("", summary="Find doctors")
def list_doctors(
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    specialty: Words | None = None,
    name: Annotated[
        Words | None, Query(description="Words of the name; case and accents do not matter.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[StaffDoctor] | Page[PublicDoctor]:
    """List the doctors by name. The staff sees those too who see no patients any more."""
    query = doctors.matching(specialty, name, inactive=caller.is_staff)
    with database.read() as session:
        rows, following = page(session, query, [Doctor.name_key], cursor, limit)
    if caller.is_staff:
        return Page(items=[StaffDoctor.of(doctor) for doctor in rows], next=following)
    return Page(items=[PublicDoctor.of(doctor) for doctor in rows], next=following)


@router.post("", status_code=201, summary="Add a doctor", responses=examples.NEW_DOCTOR)
def create_doctor(
    new: NewDoctor,
    request: Request,
    response: Response,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> StaffDoctor:
    """Add a doctor, who works the clinic's default week until they have hours of their own."""
    with database.write() as session:
        doctor = timetables.add_doctor(
            session,
            new.name,
            specialty=new.specialty,
            time_zone=new.time_zone or settings.time_zone,
            actor=caller.actor,
        )
    response.headers["Location"] = link(request, f"/v1/doctors/{doctor.id}")
    etags.show(response, doctor.timetable_version)
    return StaffDoctor.of(doctor)


@router.get("/{doctor_id}", summary="Read a doctor", responses=UNKNOWN)
def read_doctor(
    doctor_id: PathId, response: Response, caller: CallerOfRequest, database: DatabaseOfApp
) -> StaffDoctor | PublicDoctor:
    """Show a doctor; one who sees no patients any more, to the staff alone."""
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=caller.is_staff)
    etags.show(response, doctor.timetable_version)
    return (StaffDoctor if caller.is_staff else PublicDoctor).of(doctor)


@router.patch(
    "/{doctor_id}", summary="Change a doctor", responses={**UNKNOWN, **examples.NAME_TAKEN, **STALE}
)
def change_doctor(
    doctor_id: PathId,
    change: DoctorChange,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> EditedDoctor:
    """Change what is named (RFC 7396). Another zone moves the hours."""
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        before = StaffDoctor.of(doctor)
        _apply(session, doctor, change)
        effects = _end(session, doctor, "doctor", before, caller)
    return _edited(response, doctor, effects, dry_run=dry_run)


@router.post(
    "/{doctor_id}/deactivate",
    summary="Let a doctor see no patients any more",
    responses={**UNKNOWN, **examples.HAS_APPOINTMENTS, **STALE},
)
def deactivate_doctor(
    doctor_id: PathId,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
    force: Annotated[
        Flag, Query(description="Also with appointments ahead: they stay, as orphaned.")
    ] = False,
) -> EditedDoctor:
    """Offer nothing of a doctor any more. Appointments ahead must be dealt with, or forced.

    A dry run tells what it would do by force. The doctor's key stays as it is: revoke it.
    """
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        if not (force or dry_run):
            _have_none_ahead(session, doctor)
        before = StaffDoctor.of(doctor)
        doctor.active = False
        effects = _end(session, doctor, "deactivated", before, caller)
    return _edited(response, doctor, effects, dry_run=dry_run)


@router.post(
    "/{doctor_id}/activate",
    summary="Let a doctor see patients again",
    responses={**UNKNOWN, **STALE},
)
def activate_doctor(
    doctor_id: PathId,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> EditedDoctor:
    """Offer the slots of a doctor again, with the hours that they had."""
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        before = StaffDoctor.of(doctor)
        doctor.active = True
        effects = _end(session, doctor, "activated", before, caller)
    return _edited(response, doctor, effects, dry_run=dry_run)


def _have_none_ahead(session: Session, doctor: Doctor) -> None:
    ahead = times.held_by([doctor], times.ahead()).where(Appointment.status != Status.PENDING)
    query = ahead.limit(_MOST_LISTED)
    listed = [AppointmentInfo.of(it).model_dump(mode="json") for it in session.scalars(query)]
    if listed:
        raise HasAppointments(
            "The doctor has appointments ahead. Deal with them first, or force it.",
            appointments=listed,
        )


def _apply(session: Session, doctor: Doctor, change: DoctorChange) -> None:
    said = change.model_fields_set
    if "name" in said:
        doctors.rename(session, doctor, change.name)
    if "specialty" in said:
        doctors.specialise(session, doctor, change.specialty)
    if "time_zone" in said:
        doctor.time_zone = change.time_zone
    if "holidays" in said:
        doctor.holidays = change.holidays


def _end(
    session: Session, doctor: Doctor, what: str, before: StaffDoctor, caller: Caller
) -> Effects:
    after = StaffDoctor.of(doctor)
    return edits.end(session, doctor, what, actor=caller.actor, before=before, after=after)


def _edited(response: Response, doctor: Doctor, effects: Effects, *, dry_run: bool) -> EditedDoctor:
    shown = StaffDoctor.of(doctor).model_dump()
    edits.show_version(response, doctor.timetable_version, dry_run=dry_run)
    return EditedDoctor(**shown, effects=Edited.of(effects, dry_run=dry_run))

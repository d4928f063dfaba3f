"""When a doctor works: the week, and other hours on single dates."""

import datetime as dt
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from calendula.access.guard import CallerOfRequest
from calendula.clinic import edits, examples
from calendula.clinic.answers import STALE, UNKNOWN
from calendula.clinic.hours import weeks
from calendula.clinic.hours.schemas import DayHours, EditedOverride, EditedWeek, Override, Week
from calendula.clinic.parameters import DryRun
from calendula.clinic.schemas import Edited
from calendula.doctors import service as doctors
from calendula.events import service as events
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.etags import IfMatch
from calendula.http.fields import LocalDate, PathId
from calendula.http.json_body import JsonRoute
from calendula.http.pagination import Cursor, Limit, Page, page
from calendula.timetables import service as timetables
from calendula.timetables.models import DateOverride

router = APIRouter(tags=["Hours"], route_class=JsonRoute, dependencies=[KnownQuery])


@router.get("/v1/doctors/{doctor_id}/hours", summary="Read a doctor's week", responses=UNKNOWN)
def read_hours(doctor_id: PathId, response: Response, database: DatabaseOfApp) -> Week:
    """Show the windows in which a doctor works, by weekday."""
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
        week = timetables.week_of(session, doctor_id)
    etags.show(response, doctor.timetable_version)
    return Week.of(week)


@router.put(
    "/v1/doctors/{doctor_id}/hours",
    summary="Replace a doctor's week",
    responses={**examples.HOURS, **UNKNOWN, **STALE},
)
def replace_hours(
    doctor_id: PathId,
    week: Week,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> EditedWeek:
    """Let a doctor's week be this and nothing else, at once."""
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        effects, shown = weeks.replace(session, doctor, week.weekly_windows(), actor=caller.actor)
    edits.show_version(response, doctor.timetable_version, dry_run=dry_run)
    return EditedWeek(windows=shown.windows, effects=Edited.of(effects, dry_run=dry_run))


@router.get("/v1/clinic/hours", summary="Read the default week")
def read_default_hours(response: Response, database: DatabaseOfApp) -> Week:
    """Show the week that a new doctor starts with."""
    with database.read() as session:
        version = timetables.clinic(session).version
        week = timetables.week_of(session, None)
    etags.show(response, version)
    return Week.of(week)


@router.put("/v1/clinic/hours", summary="Replace the default week", responses=STALE)
def replace_default_hours(
    week: Week,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
) -> Week:
    """Let new doctors start with this week. Those who are here keep theirs."""
    with database.write() as session:
        version = edits.begin_for_clinic(session, precondition).version
        before = Week.of(timetables.week_of(session, None))
        timetables.replace_week(session, None, week.weekly_windows())
        shown = Week.of(timetables.week_of(session, None))
        data = {"what": "default hours", **edits.change(before, shown)}
        events.record(session, "clinic.edited", actor=caller.actor, data=data)
    etags.show(response, version)
    return shown


@router.get(
    "/v1/doctors/{doctor_id}/overrides",
    summary="List other hours on single dates",
    responses=UNKNOWN,
)
def list_overrides(
    doctor_id: PathId, database: DatabaseOfApp, cursor: Cursor = None, limit: Limit = 50
) -> Page[Override]:
    """List the dates on which a doctor has other hours than the week's, in time order."""
    query = select(DateOverride).where(DateOverride.doctor_id == doctor_id)
    with database.read() as session:
        doctors.by_id(session, doctor_id, inactive=True)
        rows, following = page(session, query, [DateOverride.date], cursor, limit)
    return Page(items=[Override.of(row) for row in rows], next=following)


@router.put(
    "/v1/doctors/{doctor_id}/overrides/{date}",
    summary="Set other hours on a date",
    responses={**examples.OVERRIDE, **UNKNOWN, **STALE},
)
def set_override(
    doctor_id: PathId,
    date: LocalDate,
    hours: DayHours,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> EditedOverride:
    """Let a doctor have these hours on a date, instead of the week's and of any holiday."""
    override = DateOverride(
        doctor_id=doctor_id, date=date, windows=[list(it.window()) for it in hours.windows]
    )
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        before = _stored(session, doctor_id, date)
        session.merge(override)
        effects = edits.end(
            session,
            doctor,
            "override",
            actor=caller.actor,
            before=before,
            after=Override.of(override),
        )
    edits.show_version(response, doctor.timetable_version, dry_run=dry_run)
    shown = Override.of(override)
    return EditedOverride(
        date=date, windows=shown.windows, effects=Edited.of(effects, dry_run=dry_run)
    )


@router.delete(
    "/v1/doctors/{doctor_id}/overrides/{date}",
    summary="Let a date be as the week says",
    responses={**UNKNOWN, **STALE},
)
def remove_override(
    doctor_id: PathId,
    date: LocalDate,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> Edited:
    """Take other hours on a date back. Twice is the same as once."""
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        before = _stored(session, doctor_id, date)
        session.execute(
            delete(DateOverride).where(
                DateOverride.doctor_id == doctor_id, DateOverride.date == date
            )
        )
        effects = edits.end(
            session, doctor, "override", actor=caller.actor, before=before, after=None
        )
    edits.show_version(response, doctor.timetable_version, dry_run=dry_run)
    return Edited.of(effects, dry_run=dry_run)


def _stored(session: Session, doctor_id: UUID, day: dt.date) -> Override | None:
    stored = session.get(DateOverride, (doctor_id, day))
    return None if stored is None else Override.of(stored)

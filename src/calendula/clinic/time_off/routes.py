"""When a doctor, or the whole clinic, sees no patients."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from sqlalchemy import Select, or_, select

from calendula.access.guard import CallerOfRequest
from calendula.appointments.orphans import Effects
from calendula.clinic import edits, examples
from calendula.clinic.answers import STALE, UNKNOWN, UNKNOWN_TIME_OFF
from calendula.clinic.parameters import DryRun
from calendula.clinic.schemas import Edited
from calendula.clinic.time_off import service
from calendula.clinic.time_off.schemas import EditedTimeOff, NewTimeOff, TimeOffInfo
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.etags import IfMatch
from calendula.http.fields import PathId
from calendula.http.json_body import JsonRoute
from calendula.http.links import link
from calendula.http.pagination import Cursor, Limit, Page, page
from calendula.timetables.models import TimeOff

router = APIRouter(
    prefix="/v1", tags=["Time off"], route_class=JsonRoute, dependencies=[KnownQuery]
)


@router.get(
    "/doctors/{doctor_id}/time-off",
    summary="List a doctor's time off",
    responses=UNKNOWN,
)
def list_time_off(
    doctor_id: PathId, database: DatabaseOfApp, cursor: Cursor = None, limit: Limit = 50
) -> Page[TimeOffInfo]:
    """List a doctor's time off and the whole clinic's, in time order."""
    with database.read() as session:
        doctors.by_id(session, doctor_id, inactive=True)
    theirs = or_(TimeOff.doctor_id == doctor_id, TimeOff.doctor_id.is_(None))
    return _page(database, select(TimeOff).where(theirs), cursor, limit)


@router.post(
    "/doctors/{doctor_id}/time-off",
    status_code=201,
    summary="Give a doctor time off",
    responses={**examples.NEW_TIME_OFF, **UNKNOWN, **STALE},
)
def add_time_off(
    doctor_id: PathId,
    new: NewTimeOff,
    request: Request,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> EditedTimeOff:
    """Let a doctor see no patients for a time, at once."""
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        off, effects = service.add(session, new, doctor, actor=caller.actor)
    return _added(request, response, off, effects, dry_run=dry_run)


@router.delete(
    "/doctors/{doctor_id}/time-off/{time_off_id}",
    summary="Take a doctor's time off back",
    responses={**UNKNOWN_TIME_OFF, **STALE},
)
def remove_time_off(
    doctor_id: PathId,
    time_off_id: PathId,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> Edited:
    """Let a doctor see patients after all."""
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, precondition)
        effects = service.remove(session, time_off_id, doctor, actor=caller.actor)
    return Edited.of(effects, dry_run=dry_run)


@router.get("/time-off", summary="List the whole clinic's time off")
def list_clinic_time_off(
    database: DatabaseOfApp, cursor: Cursor = None, limit: Limit = 50
) -> Page[TimeOffInfo]:
    """List the times in which nobody sees patients, in time order."""
    everybodys = select(TimeOff).where(TimeOff.doctor_id.is_(None))
    return _page(database, everybodys, cursor, limit)


@router.post(
    "/time-off",
    status_code=201,
    summary="Give all doctors time off",
    responses={**examples.NEW_TIME_OFF_FOR_ALL, **STALE},
)
def add_clinic_time_off(
    new: NewTimeOff,
    request: Request,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> EditedTimeOff:
    """Let nobody see patients for a time, at once; doctors who come later neither."""
    with database.write(dry_run=dry_run) as session:
        everyone = service.begin_for_everyone(session, precondition)
        off, effects = service.add(session, new, everyone, actor=caller.actor)
    return _added(request, response, off, effects, dry_run=dry_run)


@router.delete(
    "/time-off/{time_off_id}",
    summary="Take the whole clinic's time off back",
    responses={**UNKNOWN_TIME_OFF, **STALE},
)
def remove_clinic_time_off(
    time_off_id: PathId,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    dry_run: DryRun = False,
) -> Edited:
    """Let the doctors see patients after all."""
    with database.write(dry_run=dry_run) as session:
        everyone = service.begin_for_everyone(session, precondition)
        effects = service.remove(session, time_off_id, everyone, actor=caller.actor)
    return Edited.of(effects, dry_run=dry_run)


def _added(
    request: Request, response: Response, off: TimeOff, effects: Effects, *, dry_run: bool
) -> EditedTimeOff:
    if dry_run:
        response.status_code = HTTPStatus.OK.value
    else:
        whose = f"/doctors/{off.doctor_id}" if off.doctor_id else ""
        response.headers["Location"] = link(request, f"/v1{whose}/time-off/{off.id}")
    shown = TimeOffInfo.of(off).model_dump()
    return EditedTimeOff(**shown, effects=Edited.of(effects, dry_run=dry_run))


def _page(
    database: Database, query: Select[TimeOff], cursor: str | None, limit: int
) -> Page[TimeOffInfo]:
    with database.read() as session:
        rows, following = page(session, query, [TimeOff.starts_at, TimeOff.id], cursor, limit)
    return Page(items=[TimeOffInfo.of(off) for off in rows], next=following)

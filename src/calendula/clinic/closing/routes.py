"""The doctor is ill: a date is closed, with all that was booked on it."""

from fastapi import APIRouter, Response

from calendula.access.guard import CallerOfRequest
from calendula.clinic import edits
from calendula.clinic.answers import STALE, UNKNOWN
from calendula.clinic.closing import examples, service
from calendula.clinic.closing.schemas import Closed, Closing
from calendula.clinic.closing.service import Closer
from calendula.clinic.parameters import DryRun
from calendula.clinic.schemas import Edited
from calendula.http.dependencies import DatabaseOfApp, KnownQuery, SettingsOfApp
from calendula.http.etags import IfMatch
from calendula.http.fields import PathId
from calendula.http.json_body import JsonRoute

router = APIRouter(
    prefix="/v1/doctors/{doctor_id}",
    tags=["Hours"],
    route_class=JsonRoute,
    dependencies=[KnownQuery],
)


@router.post(
    "/close-day",
    summary="Close a date, with its appointments",
    responses={**examples.CLOSING, **UNKNOWN, **STALE},
)
def close_day(
    doctor_id: PathId,
    wanted: Closing,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    dry_run: DryRun = False,
) -> Closed:
    """Let a doctor see nobody on a date, and cancel or move what was booked on it, all at once.

    Each appointment gets the next free slot proposed, or is moved there; no two get the same.
    """
    closer = Closer(wanted, caller.actor, settings.token_days)
    with database.write(dry_run=dry_run) as session:
        doctor, outcomes, effects = service.close(session, doctor_id, closer, precondition)
    edits.show_version(response, doctor.timetable_version, dry_run=dry_run)
    shown = Edited.of(effects, dry_run=dry_run)
    return Closed(dry_run=dry_run, date=wanted.date, outcomes=outcomes, effects=shown)

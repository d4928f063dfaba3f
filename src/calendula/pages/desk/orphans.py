"""Appointments whose time the doctor's timetable has lost: somebody must move or cancel them."""

from fastapi import APIRouter, Response
from sqlalchemy import select

from calendula import clock
from calendula.appointments import times
from calendula.appointments.models import Appointment
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.pagination import Cursor, page
from calendula.pages.desk.desk import DESK, DeskOfRequest, DeskRoute
from calendula.pages.desk.listed import listed
from calendula.timetables import service as timetables

ORPHANS = f"{DESK}/orphaned"
_ON_A_PAGE = 50

router = APIRouter(route_class=DeskRoute)


@router.get(ORPHANS)
def desk_orphans(
    desk: DeskOfRequest, database: DatabaseOfApp, settings: SettingsOfApp, cursor: Cursor = None
) -> Response:
    """List what is still ahead and has no time any more; a doctor sees their own."""
    query = select(Appointment).where(times.IS_ORPHANED, Appointment.ends_at > clock.now())
    if desk.caller.doctor_id is not None:
        query = query.where(Appointment.doctor_id == desk.caller.doctor_id)
    order = [Appointment.starts_at, Appointment.id]
    with database.write() as session:
        clinic_name = timetables.clinic(session).name
        rows, following = page(session, query, order, cursor, _ON_A_PAGE)
        found = listed(session, rows, actor=desk.caller.actor)
    return desk.show(
        "desk/orphans.html",
        clinic_name=clinic_name,
        found=found,
        following=following,
        home=settings.time_zone,
    )

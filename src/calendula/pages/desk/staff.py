"""The doctors, with what the desk can do to their timetables."""

from fastapi import APIRouter, Response

from calendula.doctors import service as doctors
from calendula.http.dependencies import DatabaseOfApp
from calendula.pages.desk.desk import DESK, DeskOfRequest, DeskRoute
from calendula.timetables import service as timetables

router = APIRouter(route_class=DeskRoute)


@router.get(f"{DESK}/doctors")
def desk_doctors(desk: DeskOfRequest, database: DatabaseOfApp) -> Response:
    """List the doctors who see patients; a doctor sees themselves."""
    only = desk.caller.doctor_id
    with database.read() as session:
        clinic_name = timetables.clinic(session).name
        everyone = doctors.everyone(session)
    some = [it for it in everyone if it.active and only in {None, it.id}]
    return desk.show("desk/doctors.html", clinic_name=clinic_name, doctors=some)

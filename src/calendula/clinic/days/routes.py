"""A doctor's day, as the desk looks at it."""

from typing import Annotated

from fastapi import APIRouter, Query

from calendula import clock
from calendula.access.guard import CallerOfRequest
from calendula.availability import service as availability
from calendula.availability.schemas import DayInfo
from calendula.clinic.answers import UNKNOWN
from calendula.clinic.appointments.routes import show
from calendula.clinic.days import examples, service
from calendula.clinic.days.schemas import DoctorsDay, HeldTime
from calendula.clinic.hours.schemas import HoursWindow
from calendula.clinic.time_off.schemas import TimeOffInfo
from calendula.doctors import service as doctors
from calendula.http.dependencies import DatabaseOfApp, KnownQuery, SettingsOfApp
from calendula.http.fields import LocalDate, PathId
from calendula.http.json_body import JsonRoute
from calendula.timetables import service as timetables

router = APIRouter(
    prefix="/v1/doctors/{doctor_id}",
    tags=["Appointments"],
    route_class=JsonRoute,
    dependencies=[KnownQuery],
)


@router.get("/day", summary="See a doctor's day", responses={**examples.DAY, **UNKNOWN})
def read_day(
    doctor_id: PathId,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    date: Annotated[
        LocalDate | None, Query(description="In the doctor's zone; today's where not given.")
    ] = None,
) -> DoctorsDay:
    """Show hours, time off, appointments, holds and free slots of one date, all of one moment.

    Whose data is shown is written down.
    """
    with database.write() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
        day = date or clock.now().astimezone(doctor.zone).date()
        timetable = timetables.load(session, doctor, day, day)
        past = settings.open_clinic
        (found,) = availability.days(session, doctor, day, day, past=past)
        free = DayInfo.of(found, doctor.zone)
        return DoctorsDay(
            doctor_id=doctor.id,
            date=day,
            time_zone=doctor.time_zone,
            windows=[HoursWindow.of(it) for it in sorted(timetable.windows_on(day))],
            holiday=timetable.holiday_on(day),
            time_off=[TimeOffInfo.of(it) for it in service.time_off(session, doctor, day)],
            appointments=show(
                session, service.appointments(session, doctor, day), actor=caller.actor
            ),
            holds=[HeldTime.of(it) for it in service.holds(session, doctor, day)],
            free=free.slots,
            reason=free.reason,
        )

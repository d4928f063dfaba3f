"""Time is blocked, a doctor's or everybody's, once it was shown whose appointments are in it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.clinic import edits
from calendula.clinic.hours.schemas import WallTime, minutes
from calendula.clinic.time_off import service
from calendula.clinic.time_off.schemas import NewTimeOff
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.etags import Precondition
from calendula.http.fields import LocalDate, Name, PathId
from calendula.pages import forms
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.pages.desk.listed import listed
from calendula.pages.desk.mistakes import Sentences, tell
from calendula.pages.desk.orphans import ORPHANS
from calendula.pages.forms import Fields, FormFields, Mistakes
from calendula.pages.languages import marked as _
from calendula.pages.page import see
from calendula.settings import Settings
from calendula.timetables import service as timetables
from calendula.timetables.labels import MINUTES_OF_DAY
from calendula.timetables.models import TimeOff
from calendula.timetables.slots import span_of
from calendula.timetables.windows import Window

_OF_DOCTOR = f"{DESK}/doctors/{{doctor_id}}/time-off"
_OF_CLINIC = f"{DESK}/time-off"
_MOST_SHOWN = 200
_SENTENCES: Sentences = {
    "from_date": {
        "missing": _("Enter the first day."),
        "wrong": _("Enter the first day as a date of the calendar."),
    },
    "from_time": {"wrong": _("Enter the time of day from which it is blocked, such as 09:00.")},
    "until_date": {
        "wrong": _("Enter the last day as a date of the calendar."),
        "before": _("The end must be after the beginning."),
    },
    "until_time": {"wrong": _("Enter the time of day until which it is blocked, such as 17:00.")},
    "reason": {"wrong": _("Enter a shorter reason, of plain letters.")},
}

router = APIRouter(route_class=DeskRoute)


class Form(BaseModel):
    """From when to when, in wall time. Without times these are whole days; without an end, one."""

    from_date: LocalDate
    from_time: WallTime | None = None
    until_date: LocalDate | None = None
    until_time: WallTime | None = None
    reason: Name | None = None

    def new(self, zone: ZoneInfo) -> NewTimeOff | None:
        """Return the time off that is meant, or None where it ends before it has begun."""
        first = minutes(self.from_time) if self.from_time else 0
        last = minutes(self.until_time) if self.until_time else MINUTES_OF_DAY
        begin = span_of(self.from_date, Window(first, first, 0), zone)
        end = span_of(self.until_date or self.from_date, Window(last, last, 0), zone)
        if begin is None or end is None or end.start <= begin.start:
            return None
        said = {"start": begin.start.isoformat(), "end": end.start.isoformat()}
        return NewTimeOff.model_validate({**said, "reason": self.reason})


class Whose(NamedTuple):
    """Whose time is blocked."""

    doctor: Doctor | None
    """None is everybody."""
    zone: ZoneInfo
    path: str

    def days(self, start: datetime, end: datetime) -> tuple[date, date] | None:
        """Return the first and the last day, where a time is whole days; else None."""
        first, behind = start.astimezone(self.zone), end.astimezone(self.zone)
        if first.time() == behind.time() == time.min:
            return first.date(), behind.date() - timedelta(days=1)
        return None


@router.get(_OF_DOCTOR)
def desk_time_off(
    doctor_id: PathId, desk: DeskOfRequest, database: DatabaseOfApp, settings: SettingsOfApp
) -> Response:
    """Show when a doctor sees nobody, and ask for more such time."""
    return _show(desk, database, _whose(database, doctor_id, settings))


@router.post(_OF_DOCTOR)
def desk_add_time_off(
    doctor_id: PathId,
    fields: FormFields,
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Show what a doctor's time off would do to appointments, or give it."""
    return _add(desk, database, _whose(database, doctor_id, settings), fields)


@router.post(f"{_OF_DOCTOR}/{{time_off_id}}/remove")
def desk_remove_time_off(
    doctor_id: PathId,
    time_off_id: PathId,
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Take a doctor's time off back."""
    return _remove(desk, database, _whose(database, doctor_id, settings), time_off_id)


@router.get(_OF_CLINIC)
def desk_clinic_time_off(
    desk: DeskOfRequest, database: DatabaseOfApp, settings: SettingsOfApp
) -> Response:
    """Show when the whole clinic sees nobody, and ask for more such time."""
    return _show(desk, database, _whose(database, None, settings))


@router.post(_OF_CLINIC)
def desk_add_clinic_time_off(
    fields: FormFields, desk: DeskOfRequest, database: DatabaseOfApp, settings: SettingsOfApp
) -> Response:
    """Show what the whole clinic's time off would do to appointments, or give it."""
    return _add(desk, database, _whose(database, None, settings), fields)


@router.post(f"{_OF_CLINIC}/{{time_off_id}}/remove")
def desk_remove_clinic_time_off(
    time_off_id: PathId, desk: DeskOfRequest, database: DatabaseOfApp, settings: SettingsOfApp
) -> Response:
    """Take the whole clinic's time off back."""
    return _remove(desk, database, _whose(database, None, settings), time_off_id)


def _whose(database: Database, doctor_id: UUID | None, settings: Settings) -> Whose:
    if doctor_id is None:
        return Whose(None, ZoneInfo(settings.time_zone), _OF_CLINIC)
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
    return Whose(doctor, doctor.zone, _OF_DOCTOR.format(doctor_id=doctor_id))


def _show(
    desk: Desk,
    database: Database,
    whose: Whose,
    typed: Mapping[str, str] | None = None,
    mistakes: Mistakes | None = None,
) -> Response:
    with database.read() as session:
        clinic_name = timetables.clinic(session).name
        coming = _coming(session, whose)
    return desk.show(
        "desk/time_off.html",
        422 if mistakes else 200,
        clinic_name=clinic_name,
        whose=whose,
        coming=coming,
        typed=typed or {},
        mistakes=tell(desk.reader, mistakes, _SENTENCES) if mistakes else {},
    )


def _coming(session: Session, whose: Whose) -> Sequence[TimeOff]:
    """Return what is not over of a doctor's time off and the clinic's, or of the clinic's alone."""
    theirs = [TimeOff.doctor_id == whose.doctor.id] if whose.doctor else []
    those = or_(TimeOff.doctor_id.is_(None), *theirs)
    query = select(TimeOff).where(those, TimeOff.ends_at > clock.now())
    return session.scalars(query.order_by(TimeOff.starts_at, TimeOff.id).limit(_MOST_SHOWN)).all()


def _add(desk: Desk, database: Database, whose: Whose, fields: Fields) -> Response:
    form = forms.read(Form, fields)
    if isinstance(form, Mistakes):
        return _show(desk, database, whose, fields, form)
    new = form.new(whose.zone)
    if new is None:
        return _show(desk, database, whose, fields, Mistakes({"until_date": "before"}))
    step = fields.get("step")
    if step == "change":
        return _show(desk, database, whose, fields)
    if step != "do":
        return _preview(desk, database, whose, fields, new)
    with database.write() as session:
        _off, effects = service.add(session, new, _begin(session, whose), actor=desk.caller.actor)
    where = ORPHANS if effects.orphaned else whose.path
    return see(f"{where}?done=time-blocked", desk.reader.request)


def _preview(
    desk: Desk, database: Database, whose: Whose, fields: Fields, new: NewTimeOff
) -> Response:
    with database.write(dry_run=True) as session:
        _off, effects = service.add(session, new, _begin(session, whose), actor=desk.caller.actor)
    with database.write() as session:
        clinic_name = timetables.clinic(session).name
        lost = listed(session, effects.orphaned, actor=desk.caller.actor)
    return desk.show(
        "desk/time_off_preview.html",
        clinic_name=clinic_name,
        whose=whose,
        new=new,
        lost=lost,
        typed=fields,
        home=whose.zone.key,
    )


def _remove(desk: Desk, database: Database, whose: Whose, time_off_id: UUID) -> Response:
    with database.write() as session:
        service.remove(session, time_off_id, _begin(session, whose), actor=desk.caller.actor)
    return see(f"{whose.path}?done=time-open", desk.reader.request)


def _begin(session: Session, whose: Whose) -> Doctor | Sequence[Doctor]:
    if whose.doctor is None:
        return service.begin_for_everyone(session, Precondition())
    return edits.begin(session, whose.doctor.id, Precondition())

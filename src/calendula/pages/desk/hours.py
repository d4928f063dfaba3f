"""A doctor's week is edited, once it was shown what that does to appointments."""

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from calendula.appointments.orphans import Effects
from calendula.clinic import edits
from calendula.clinic.hours import weeks
from calendula.clinic.hours.schemas import WeeklyHoursWindow
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.errors import Stale
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import PathId
from calendula.pages.desk import hours_form
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.pages.desk.hours_form import Row, Wrong
from calendula.pages.desk.listed import listed
from calendula.pages.desk.orphans import ORPHANS
from calendula.pages.forms import Fields, FormFields
from calendula.pages.languages import marked as _
from calendula.pages.page import see
from calendula.timetables import service as timetables

_PATH = f"{DESK}/doctors/{{doctor_id}}/hours"
_MOST_EMPTY = 5
_SENTENCES: Mapping[str, str] = {
    "start": _("Enter when the hours begin, such as 09:00."),
    "end": _("Enter when the hours end, such as 12:00."),
    "slot_minutes": _("Enter the minutes of an appointment: a number from 5 to 480."),
    "whole": _("Enter hours that are long enough for one appointment."),
    "overlaps": _("These hours share a time with others of the week."),
}

router = APIRouter(route_class=DeskRoute)


class Typed(NamedTuple):
    """What a form says."""

    rows: Sequence[Row]
    version: int | None = None
    """Of the timetable that was looked at."""
    empty: int = 1
    """How many empty rows there are for each day."""


@router.get(_PATH)
def desk_hours(doctor_id: PathId, desk: DeskOfRequest, database: DatabaseOfApp) -> Response:
    """Show a doctor's week as a form."""
    with database.read() as session:
        rows = hours_form.rows_of(timetables.week_of(session, doctor_id))
    return _show(desk, database, doctor_id, Typed(rows))


async def _typed(fields: FormFields) -> Typed:
    """Return what the form says; numbers of its own making that are none are as if not there."""
    version, empty = fields.get("version", ""), fields.get("empty", "")
    return Typed(
        hours_form.rows_from(fields),
        int(version) if version.isdecimal() and len(version) < 10 else 0,  # noqa: PLR2004
        min(int(empty), _MOST_EMPTY) if empty in {"1", "2", "3", "4", "5"} else 1,
    )


TypedOfRequest = Annotated[Typed, Depends(_typed)]


@router.post(_PATH)
def desk_save_hours(
    *,
    doctor_id: PathId,
    typed: TypedOfRequest,
    fields: FormFields,
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Show what a week would do to appointments, or let a doctor have it."""
    step = fields.get("step")
    if step == "more":
        return _show(desk, database, doctor_id, typed._replace(empty=typed.empty + 1))
    week = hours_form.read(typed.rows)
    if isinstance(week, Wrong) or step == "change":
        kinds = week.kinds if isinstance(week, Wrong) else {}
        return _show(desk, database, doctor_id, typed, kinds)
    try:
        effects = _replace(database, doctor_id, typed, week, desk, dry_run=step != "do")
    except Stale:
        return _show(desk, database, doctor_id, typed, stale=True)
    if step != "do":
        return _preview(desk, database, doctor_id, typed, effects, home=settings.time_zone)
    path = ORPHANS if effects.orphaned else _PATH.format(doctor_id=doctor_id)
    return see(f"{path}?done=hours-saved", desk.reader.request)


def _replace(
    database: Database,
    doctor_id: UUID,
    typed: Typed,
    week: Sequence[WeeklyHoursWindow],
    desk: Desk,
    *,
    dry_run: bool,
) -> Effects:
    """Let the week be this, unless it was edited since somebody looked; return what that does."""
    seen = etags.seen(str(typed.version or 0))
    with database.write(dry_run=dry_run) as session:
        doctor = edits.begin(session, doctor_id, seen)
        windows = [it.weekly_window() for it in week]
        effects, _week = weeks.replace(session, doctor, windows, actor=desk.caller.actor)
    return effects


def _show(
    desk: Desk,
    database: Database,
    doctor_id: UUID,
    typed: Typed,
    kinds: Mapping[str, str] | None = None,
    *,
    stale: bool = False,
) -> Response:
    """Show the form. One that is behind takes the version of now: whoever saves again means it."""
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
        clinic_name = timetables.clinic(session).name
        now = hours_form.rows_of(timetables.week_of(session, doctor_id)) if stale else []
    version = doctor.timetable_version if stale or typed.version is None else typed.version
    mistakes = {name: desk.reader.text(_SENTENCES[kind]) for name, kind in (kinds or {}).items()}
    return desk.show(
        "desk/hours.html",
        412 if stale else 422 if mistakes else 200,
        clinic_name=clinic_name,
        doctor=doctor,
        days=hours_form.with_empty(typed.rows, typed.empty),
        empty=typed.empty,
        can_grow=typed.empty < _MOST_EMPTY,
        version=version,
        mistakes=mistakes,
        stale=stale,
        now=now,
    )


def _preview(
    desk: Desk, database: Database, doctor_id: UUID, typed: Typed, effects: Effects, *, home: str
) -> Response:
    with database.write() as session:
        doctor = doctors.by_id(session, doctor_id, inactive=True)
        clinic_name = timetables.clinic(session).name
        lost = listed(session, effects.orphaned, actor=desk.caller.actor)
        regained = listed(session, effects.restored, actor=desk.caller.actor)
    return desk.show(
        "desk/hours_preview.html",
        clinic_name=clinic_name,
        doctor=doctor,
        rows=typed.rows,
        typed=_carried(typed),
        lost=lost,
        regained=regained,
        home=home,
    )


def _carried(typed: Typed) -> Fields:
    """Return the fields of the form, to be sent once more."""
    fields = {row.name(part): said for row in typed.rows for part, said in row.said.items() if said}
    return {**fields, "version": str(typed.version), "empty": str(typed.empty)}

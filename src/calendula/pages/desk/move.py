"""The desk gives an appointment another time, and maybe another doctor."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, time, timedelta
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments import changes, lifecycle, log
from calendula.appointments.lifecycle import Action, TransitionNotAllowed
from calendula.appointments.models import Appointment
from calendula.appointments.own_access import OwnAppointment as OwnId
from calendula.availability import service as availability
from calendula.booking import choices
from calendula.booking.changes import service
from calendula.booking.changes.schemas import Move
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, Invalid, Stale
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import Id, parse_date, parse_id
from calendula.pages.desk import times, words
from calendula.pages.desk.acting import SentForm, go_back, refuse
from calendula.pages.desk.book import Problem, refusal
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute
from calendula.pages.desk.mistakes import tell
from calendula.pages.desk.times import Chosen
from calendula.pages.forms import Fields, Mistakes, read
from calendula.patients.models import Patient
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot
from calendula.visit_types.service import UnknownVisitType

_MOVE = f"{DESK}/appointments/{{appointment_id}}/move"
_OTHERS = 3

router = APIRouter(route_class=DeskRoute)


class _Wish(Chosen):
    doctor: Id


class Shown(NamedTuple):
    """Whose free times of which date the page shows."""

    doctor_id: UUID | None
    """None is the appointment's own doctor."""
    day: date | None
    """None is the appointment's own date."""


async def _shown(doctor: Annotated[str, Query()] = "", date: Annotated[str, Query()] = "") -> Shown:
    return Shown(parse_id(doctor), parse_date(date))


@router.get(_MOVE)
def desk_move(
    appointment_id: OwnId,
    shown: Annotated[Shown, Depends(_shown)],
    desk: DeskOfRequest,
    database: DatabaseOfApp,
) -> Response:
    """Show the free times that an appointment can have."""
    return _show(database, desk, appointment_id, shown, {}, Problem())


@router.post(_MOVE)
def desk_make_move(
    appointment_id: OwnId,
    sent: SentForm,
    desk: DeskOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> Response:
    """Move an appointment, or leave it as it is."""
    fields = sent.fields
    shown = Shown(parse_id(fields.get("doctor")), parse_date(fields.get("date")))
    try:
        wanted = _understand(database, desk, fields)
        if isinstance(wanted, Mistakes):
            return _show(database, desk, appointment_id, shown, fields, _at_fields(desk, wanted))
        with _others(database, appointment_id, wanted), database.write() as session:
            moved = service.move(
                session, settings, appointment_id, wanted, desk.caller, sent.seen, client=None
            )
            zone = session.get_one(Doctor, moved.doctor_id).zone
    except (Stale, TransitionNotAllowed) as error:
        return refuse(database, desk, appointment_id, error)
    except Conflict as error:
        return _show(database, desk, appointment_id, shown, fields, refusal(desk, error))
    except Invalid:
        told = _at_fields(desk, Mistakes({"reason": "wrong"}))
        return _show(database, desk, appointment_id, shown, fields, told)
    day = moved.starts_at.astimezone(zone).date()
    return go_back(desk, {"back": f"{DESK}?date={day}"}, "move")


def _understand(database: Database, desk: Desk, fields: Fields) -> Move | Mistakes:
    """Return the move that a form wishes, or which of its fields are at fault."""
    wish = read(_Wish, fields)
    if isinstance(wish, Mistakes):
        return wish
    if missing := wish.missing(with_length=True):
        return Mistakes(missing)
    desk.refuse_other(wish.doctor)
    with database.read() as session:
        zone = doctors.by_id(session, wish.doctor, inactive=True).zone
    start = wish.instant(zone)
    if start is None:
        return Mistakes({"time": "wrong"})
    told = {"doctor_id": str(wish.doctor), "start": start.isoformat(), **wish.wish()}
    return Move.model_validate(told)


def _others(database: Database, appointment_id: UUID, wanted: Move) -> AbstractContextManager[None]:
    """Let a refusal name the free times that the appointment could have."""
    with database.read() as session:
        seen = changes.get(session, appointment_id)
    doctor_id = wanted.doctor_id or seen.doctor_id
    return choices.others_offered(database, doctor_id, seen.visit_type_id, wanted.start)


def _at_fields(desk: Desk, mistakes: Mistakes) -> Problem:
    return Problem(422, tell(desk.reader, mistakes, times.SENTENCES))


def _show(  # noqa: PLR0917 - which page, for whom, with what in it
    database: Database,
    desk: Desk,
    appointment_id: UUID,
    shown: Shown,
    typed: Fields,
    problem: Problem,
) -> Response:
    """Return the page; whose data it shows is written down."""
    with database.write() as session:
        appointment = changes.get(session, appointment_id)
        lifecycle.check(appointment, Action.MOVE, clock.now())
        log.mention(session, "patient.read", appointment, actor=desk.caller.actor)
        doctor = doctors.by_id(
            session, shown.doctor_id or appointment.doctor_id, inactive=shown.doctor_id is None
        )
        desk.refuse_other(doctor.id)
        first = max(appointment.starts_at, clock.now()).astimezone(doctor.zone).date()
        day = shown.day or first
        length = (appointment.ends_at - appointment.starts_at) // timedelta(minutes=1)
        return desk.show(
            "desk/move.html",
            problem.status,
            clinic_name=timetables.clinic(session).name,
            appointment=appointment,
            patient=session.get_one(Patient, appointment.patient_id),
            old_doctor=session.get_one(Doctor, appointment.doctor_id),
            doctor=doctor,
            everyone=[it for it in doctors.everyone(session) if it.active or it.id == doctor.id],
            day=day,
            free=_free(session, appointment, doctor, day),
            typed={"date": str(day), "minutes": str(length), **typed},
            problem=problem,
            words=words,
        )


class Free(NamedTuple):
    """The free times of a date; where there are none, why, and the next ones."""

    slots: Sequence[Slot]
    why_nothing: str | None = None
    """None also where the doctor does not offer this kind of visit."""
    later: Sequence[Slot] = ()


def _free(session: Session, appointment: Appointment, doctor: Doctor, day: date) -> Free:
    try:
        needs = choices.visit(session, appointment.visit_type_id, doctor.id, staff=True)
    except UnknownVisitType:
        return Free([])
    (found,) = availability.days(session, doctor, day, day, past=False, visit=needs)
    if found.free:
        return Free(found.free)
    midnight = times.instant_of(day, time.min, doctor.zone)
    later = availability.next_free(session, doctor, _OTHERS, needs, start=midnight)
    return Free([], found.reason, later)

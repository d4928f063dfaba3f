"""A patient sees, moves and cancels their appointment: each step is a form that has its token."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from calendula.access.guard import ClientOfRequest
from calendula.appointments import changes
from calendula.appointments.lifecycle import Action
from calendula.appointments.offers import ByStart, SlotRefused
from calendula.appointments.status import Status
from calendula.booking.changes import service
from calendula.booking.changes.schemas import Cancellation, Move
from calendula.database import Database
from calendula.errors import CalendulaError, Stale
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import Instant, LocalDate
from calendula.pages import forms
from calendula.pages.booking.seeing import Asked
from calendula.pages.forms import Fields, FormFields, Mistakes
from calendula.pages.manage import moving, showing
from calendula.pages.manage.opening import Own, OwnAppointment, UnknownLink
from calendula.pages.page import PageRoute, see
from calendula.pages.reader import Reader, ReaderOfRequest
from calendula.timetables import service as timetables


class _ManageRoute(PageRoute):
    def answer_error(self, request: Request, error: Exception) -> Response:
        """Ask again for a link that opens nothing, and say of what is refused how it stands."""
        reader, database = Reader(request), request.app.state.database
        if isinstance(error, UnknownLink):
            return _ask(reader, database, error.typed, "wrong" if error.typed else "missing", 422)
        if isinstance(error, CalendulaError) and type(error) in showing.REFUSALS:
            with database.read() as session:
                view = showing.look(session, request.state.own)
            return showing.show_refusal(reader, request.state.own, view, error)
        return super().answer_error(request, error)


router = APIRouter(prefix="/manage", route_class=_ManageRoute, include_in_schema=False)


class _Day(BaseModel):
    """The day that is to be looked at, or the month by any day of it."""

    date: LocalDate | None = None
    month: LocalDate | None = None


class _Time(BaseModel):
    start: Instant


@router.get("")
def manage_page(reader: ReaderOfRequest, database: DatabaseOfApp) -> Response:
    """Ask for the link to an appointment; the script finds it in the address, behind the #."""
    return _ask(reader, database)


@router.get("/{step}")
async def begin_managing(step: str, request: Request) -> Response:  # noqa: ARG001 - any is a form's
    """Send whoever comes to a step by its address to where the steps begin."""
    return see("/manage", request)


@router.post("")
def manage_appointment(
    own: OwnAppointment, reader: ReaderOfRequest, database: DatabaseOfApp
) -> Response:
    """Show an appointment."""
    return _show(own, reader, database)


@router.post("/move")
def choose_move(
    own: OwnAppointment, fields: FormFields, reader: ReaderOfRequest, database: DatabaseOfApp
) -> Response:
    """Show the free times of a month, and of a day in it."""
    return _choose(own, fields, reader, database)


@router.post("/move-confirm")
def confirm_move(
    own: OwnAppointment, fields: FormFields, reader: ReaderOfRequest, database: DatabaseOfApp
) -> Response:
    """Ask whether the appointment is to go to the time that was chosen."""
    wanted = forms.read(_Time, fields)
    if isinstance(wanted, Mistakes):
        return _choose(own, fields, reader, database)
    with database.read() as session:
        view = showing.look(session, own)
        showing.check(view, own, Action.MOVE)
        slot = moving.find(session, view, wanted.start)
    if slot is None:
        return _choose(own, fields, reader, database, taken=wanted)
    return showing.show(reader, own, view, "confirm-move.html", slot=slot)


@router.post("/moved")
def move_own(
    own: OwnAppointment,
    fields: FormFields,
    reader: ReaderOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    client: ClientOfRequest,
) -> Response:
    """Give the appointment the time that was chosen. Twice is the same as once."""
    wanted = forms.read(_Time, fields)
    if isinstance(wanted, Mistakes):
        return _choose(own, fields, reader, database)
    future = settings.model_copy(update={"open_clinic": False})  # no page offers the past
    move = Move.model_validate({"start": fields["start"]})
    try:
        with (
            _once(own, database, status=Status.BOOKED, starts_at=wanted.start),
            database.write() as session,
        ):
            service.move(session, future, own.id, move, own.caller, own.precondition, client=client)
    except SlotRefused:
        return _choose(own, fields, reader, database, taken=wanted)
    return _show(own, reader, database, done=Action.MOVE)


@router.post("/cancel")
def confirm_cancellation(
    own: OwnAppointment, reader: ReaderOfRequest, database: DatabaseOfApp
) -> Response:
    """Ask whether the appointment is to be cancelled."""
    return _ask_to_cancel(own, reader, database)


@router.post("/cancelled")
def cancel_own(
    own: OwnAppointment, fields: FormFields, reader: ReaderOfRequest, database: DatabaseOfApp
) -> Response:
    """Cancel the appointment. Twice is the same as once."""
    said = forms.read(Cancellation, fields)
    if isinstance(said, Mistakes):
        return _ask_to_cancel(own, reader, database, fields["reason"])
    with _once(own, database, status=Status.CANCELLED), database.write() as session:
        service.cancel(session, own.id, said.reason, own.caller, own.precondition)
    return _show(own, reader, database, done=Action.CANCEL)


@router.post("/calendar.ics")
def give_own_file(own: OwnAppointment, database: DatabaseOfApp) -> Response:
    """Give the appointment as a file for calendars."""
    with database.read() as session:
        return service.give_calendar_file(session, changes.get(session, own.id))


@contextmanager
def _once(own: Own, database: Database, **wanted: Any) -> Iterator[None]:
    """Let a form that was sent twice be none that is stale: the appointment is as it wanted it."""
    try:
        yield
    except Stale:
        with database.read() as session:
            now = changes.get(session, own.id)
        if any(getattr(now, name) != it for name, it in wanted.items()):
            raise


def _ask(
    reader: Reader,
    database: Database,
    typed: str = "",
    mistake: str | None = None,
    status: int = 200,
) -> Response:
    with database.read() as session:
        clinic = timetables.clinic(session)
    return reader.show(
        "manage/open.html",
        status,
        clinic=clinic,
        clinic_name=clinic.name,
        typed=typed,
        mistake=mistake,
    )


def _show(own: Own, reader: Reader, database: Database, done: Action | None = None) -> Response:
    with database.read() as session:
        view = showing.look(session, own)
    return showing.show(reader, own, view, "appointment.html", done=done, told=None)


def _choose(
    own: Own, fields: Fields, reader: Reader, database: Database, taken: _Time | None = None
) -> Response:
    """Show free times; the nearest ones to one that was `taken` in the meantime."""
    day = forms.read(_Day, fields)
    with database.read() as session:
        view = showing.look(session, own)
        showing.check(view, own, Action.MOVE)
        if taken:
            asked = Asked(None, ByStart(taken.start).day(view.doctor.zone))
        elif isinstance(day, Mistakes) or not (day.date or day.month):
            asked = Asked(None, view.appointment.date)
        else:
            asked = Asked(day.month, day.date)
        shown = moving.look(session, view, asked, reader.first_weekday)
        instead = moving.nearest(session, view, taken.start) if taken else []
    status = 409 if taken else 200
    context = {"shown": shown, "taken": taken, "instead": instead}
    return showing.show(reader, own, view, "choose-move.html", status, **context)


def _ask_to_cancel(
    own: Own, reader: Reader, database: Database, mistaken: str | None = None
) -> Response:
    """Ask; where the reason that was given cannot be taken, for another one."""
    with database.read() as session:
        view = showing.look(session, own)
        showing.check(view, own, Action.CANCEL)
    status = 422 if mistaken else 200
    return showing.show(reader, own, view, "confirm-cancel.html", status, mistaken=mistaken)

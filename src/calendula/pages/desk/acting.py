"""What the desk does to an appointment, each by a button: it comes, is seen, or is cancelled."""

from collections.abc import Callable
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from calendula.appointments.lifecycle import Action, TransitionNotAllowed
from calendula.appointments.own_access import OwnAppointment as OwnId
from calendula.booking.changes import service
from calendula.database import Database
from calendula.errors import Invalid, Stale
from calendula.http import etags, problems
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.etags import Precondition
from calendula.http.fields import Name
from calendula.pages import sentences
from calendula.pages.desk import appointment as page
from calendula.pages.desk import words
from calendula.pages.desk.desk import DESK, Desk, DeskOfRequest, DeskRoute, own_path
from calendula.pages.forms import Fields, FormFields, Mistakes, read
from calendula.pages.languages import marked as _
from calendula.pages.page import see
from calendula.pages.sentences import Told

_ONE = f"{DESK}/appointments/{{appointment_id}}"
_PROBLEM = _("There is a problem")
_TOO_LONG = _("The reason must be one line of at most 200 characters.")

router = APIRouter(route_class=DeskRoute)


class _Seen(BaseModel):
    """What a form says of the appointment that it was made for."""

    version: Annotated[int, Field(ge=1)]


class _Cancelling(BaseModel):
    reason: Name | None = None


class Sent(NamedTuple):
    """A form about an appointment."""

    fields: Fields
    seen: Precondition
    """That the appointment is still as the form's page showed it."""


async def _sent(fields: FormFields) -> Sent:
    seen = read(_Seen, fields)
    if isinstance(seen, Mistakes):
        raise Invalid("The form does not say which version it shows.")
    return Sent(fields, etags.seen(str(seen.version)))


SentForm = Annotated[Sent, Depends(_sent)]


def _operation(action: Action) -> Callable[..., Response]:
    def operation(
        appointment_id: OwnId, sent: SentForm, desk: DeskOfRequest, database: DatabaseOfApp
    ) -> Response:
        try:
            with database.write() as session:
                service.act(session, appointment_id, action, desk.caller, sent.seen)
        except (Stale, TransitionNotAllowed) as error:
            return refuse(database, desk, appointment_id, error)
        return go_back(desk, sent.fields, action.value)

    return operation


for _action, _doing in words.DOINGS.items():
    router.add_api_route(
        f"{_ONE}/{_action}", _operation(_action), methods=["POST"], name=_doing.operation
    )


@router.post(f"{_ONE}/cancel")
def desk_cancel(
    appointment_id: OwnId, sent: SentForm, desk: DeskOfRequest, database: DatabaseOfApp
) -> Response:
    """Cancel an appointment, for a reason if there is one to say."""
    said = read(_Cancelling, sent.fields)
    if isinstance(said, Mistakes):
        told = Told(desk.reader.text(_PROBLEM), desk.reader.text(_TOO_LONG))
        return page.show(database, desk, appointment_id, 422, problem=told)
    try:
        with database.write() as session:
            service.cancel(session, appointment_id, said.reason, desk.caller, sent.seen)
    except (Stale, TransitionNotAllowed) as error:
        return refuse(database, desk, appointment_id, error)
    return go_back(desk, sent.fields, "cancel")


def refuse(
    database: Database, desk: Desk, appointment_id: UUID, error: Stale | TransitionNotAllowed
) -> Response:
    """Return the appointment as it is now, with why what was wanted is not possible."""
    status = problems.status_of(error)
    told = sentences.of(desk.reader, error, status)
    return page.show(database, desk, appointment_id, status, problem=told)


def go_back(desk: Desk, fields: Fields, done: str) -> Response:
    """Lead to where a form comes from, which then says what was done."""
    path = own_path(fields.get("back", DESK))
    return see(f"{path}{'&' if '?' in path else '?'}done={done}", desk.reader.request)

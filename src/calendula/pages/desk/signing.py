"""The staff signs in at the desk by a key, and out."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from calendula.access import sessions
from calendula.access.guard import SessionOfRequest, record_denial
from calendula.database import Database
from calendula.errors import Forbidden, InvalidToken
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.limits import limits_of
from calendula.pages.desk.desk import DESK, SIGN_IN, DeskRoute, own_path
from calendula.pages.forms import FormFields
from calendula.pages.languages import marked as _
from calendula.pages.page import PageRoute, see
from calendula.pages.reader import Reader, ReaderOfRequest
from calendula.timetables import service as timetables

_ENDED = _("Your session has ended. Sign in again to go on where you were.")
_SIGNED_OUT = _("You are signed out.")
_NEEDED = _("Enter your key.")
_WRONG = _("This key is not valid. Check that you have copied all of it.")
_NOT_STAFF = _("This key does not open the desk: it is none of the staff.")

door = APIRouter(route_class=PageRoute)
inside = APIRouter(route_class=DeskRoute)


@door.get(SIGN_IN)
def sign_in_page(
    reader: ReaderOfRequest,
    database: DatabaseOfApp,
    *,
    ended: bool = False,
    signed_out: bool = False,
    back: str = DESK,
) -> Response:
    """Ask for a key."""
    notice = _ENDED if ended else _SIGNED_OUT if signed_out else None
    return _ask(reader, database, own_path(back), notice=notice)


@door.post(SIGN_IN)
def sign_in(
    *,
    fields: FormFields,
    request: Request,
    reader: ReaderOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    before: SessionOfRequest,
) -> Response:
    """Sign the holder of a key in, and lead them to where they came from.

    Whoever was signed in here before is so no more: nobody has their cookie.
    """
    key, back = fields.get("key", ""), own_path(fields.get("back", DESK))
    idle = timedelta(minutes=settings.desk_idle_minutes)
    if not key:
        return _ask(reader, database, back, 422, mistake=_NEEDED)
    try:
        with limits_of(request).guessing(request, InvalidToken), database.write() as session:
            text = sessions.sign_in(session, key, idle=idle)
            sessions.end(session, before)
    except InvalidToken:
        return _ask(reader, database, back, 401, mistake=_WRONG)
    except Forbidden as denial:
        record_denial(database, denial.actor or "public", "sign_in")
        return _ask(reader, database, back, 403, mistake=_NOT_STAFF)
    response = see(back, request)
    sessions.set_cookie(response, text)
    return response


@inside.post(f"{DESK}/sign-out")
def desk_sign_out(request: Request, database: DatabaseOfApp, text: SessionOfRequest) -> Response:
    """End the session."""
    with database.write() as session:
        sessions.end(session, text)
    response = see(f"{SIGN_IN}?signed_out=1", request)
    sessions.clear_cookie(response)
    return response


def _ask(
    reader: Reader,
    database: Database,
    back: str,
    status: int = 200,
    *,
    notice: str | None = None,
    mistake: str | None = None,
) -> Response:
    """Show the form, with what is wrong; never with what was typed, being a secret."""
    with database.read() as session:
        clinic_name = timetables.clinic(session).name
    return reader.show(
        "desk/sign_in.html",
        status,
        clinic_name=clinic_name,
        back=back,
        notice=notice and reader.text(notice),
        mistake=mistake and reader.text(mistake),
    )

"""What every page of the desk needs: who is signed in, where they may go, and what was done."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse

from calendula.access import guard, roles, sessions
from calendula.access.guard import CallerOfRequest, SessionOfRequest
from calendula.access.roles import PUBLIC, Caller, Role
from calendula.doctors import service as doctors
from calendula.errors import SignedOut, denying
from calendula.pages.desk import words
from calendula.pages.languages import marked as _
from calendula.pages.page import PageRoute, show_error
from calendula.pages.reader import Reader, ReaderOfRequest

DESK = "/desk"
_BOARD = f"{DESK}/board"
SIGN_IN = f"{DESK}/sign-in"


class Place(NamedTuple):
    """A page that the navigation leads to."""

    operation: str
    """By which the table of roles says who may go there."""
    path: str
    name: str


PLACES = (
    Place("desk_day", DESK, _("Day")),
    Place("desk_week", f"{DESK}/week", _("Week")),
    Place("desk_doctors", f"{DESK}/doctors", _("Doctors")),
    Place("desk_orphans", f"{DESK}/orphaned", _("Without a time")),
    Place("desk_patients", f"{DESK}/patients", _("Patients")),
)

DONE: Mapping[str, str] = {
    **{action.value: doing.done for action, doing in words.DOINGS.items()},
    "cancel": _("The appointment is cancelled."),
    "move": _("The appointment is moved."),
    "time-blocked": _("The time is blocked."),
    "time-open": _("The time is open again."),
    "hours-saved": _("The hours are saved."),
    "patient-changed": _("The details are saved."),
}
"""What the page behind an action says was done, by the code in its query."""

_ROLES = {
    Role.ADMIN: _("Signed in as administrator"),
    Role.RECEPTION: _("Signed in as reception"),
    Role.DOCTOR: _("Signed in as doctor"),
}


class Desk(NamedTuple):
    """Who is signed in, and how pages are shown to them."""

    reader: Reader
    caller: Caller
    session: str

    def show(
        self, template: str, status: int = 200, *, clinic_name: str | None, **context: Any
    ) -> HTMLResponse:
        """Return a page of the desk; its template extends `desk/base.html`."""
        done = DONE.get(self.reader.request.query_params.get("done", ""))
        return self.reader.show(
            template,
            status,
            clinic_name=clinic_name,
            csrf=sessions.csrf_of(self.session),
            places=_places(self.caller),
            signed_in_as=self.reader.text(_ROLES[self.caller.role or Role.RECEPTION]),
            done=done and self.reader.text(done),
            caller=self.caller,
            may=self.may,
            **context,
        )

    def may(self, operation: str, doctor_id: UUID | None = None) -> bool:
        """Tell whether who is signed in may do an operation, to a doctor: by default their own."""
        return roles.may(operation, self.caller, doctor_id or self.caller.doctor_id)

    def refuse_other(self, doctor_id: UUID) -> None:
        """Raise UnknownDoctor where a doctor is signed in, and asks for another's."""
        if self.caller.doctor_id not in {None, doctor_id}:
            raise denying(doctors.UnknownDoctor("No doctor of that id works here."))


def _places(caller: Caller) -> list[Place]:
    """Return the pages that somebody may go to."""
    return [it for it in PLACES if roles.may(it.operation, caller, caller.doctor_id)]


async def _desk(
    reader: ReaderOfRequest, caller: CallerOfRequest, session: SessionOfRequest
) -> Desk:
    return Desk(reader, caller, session)


DeskOfRequest = Annotated[Desk, Depends(_desk)]


class DeskRoute(PageRoute):
    """A route of the desk: whoever is signed out is led to sign in, and back to where they were."""

    def answer_error(self, request: Request, error: Exception) -> Response:
        """Return the way to sign in, or the page that tells what went wrong."""
        if isinstance(error, SignedOut):
            return _lead_to_sign_in(request)
        csrf = sessions.csrf_of(guard.session_of(request))
        places = _places(getattr(request.state, "caller", PUBLIC))
        known = {"csrf": csrf, "places": places, "signed_in_as": "", "done": None}
        return show_error(request, error, "desk/error.html", **known)


def own_path(path: str) -> str:
    """Return a path of the desk; that of the day where it is another."""
    ours = path == DESK or path.startswith((f"{DESK}?", f"{DESK}/"))
    return path if ours and path.isprintable() and "\\" not in path else DESK


def _lead_to_sign_in(request: Request) -> Response:
    """Send a browser to sign in; htmx, which would put that page into this one, as a whole.

    Who waits for hints is nobody to be sent anywhere.
    """
    if request.headers.get("accept") == "text/event-stream":
        return Response(status_code=401)
    query = {}
    if guard.session_of(request):
        query["ended"] = "1"
    if request.method == "GET":
        query["back"] = _where(request)
    root = request.scope.get("root_path", "")
    there = f"{root}{SIGN_IN}?{urlencode(query)}".rstrip("?")
    if "hx-request" in request.headers:
        return Response(headers={"HX-Redirect": there})
    return Response(status_code=303, headers={"Location": there})


def _where(request: Request) -> str:
    """Return the page that a browser is at: the board is a part of the day's."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    path = DESK if path == _BOARD else path
    return f"{path}?{request.url.query}" if request.url.query else path

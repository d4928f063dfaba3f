"""Which appointment a page is about: its token comes in a form, never in an address."""

import re
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, Request

from calendula.access import tokens
from calendula.access.roles import Caller
from calendula.appointments import changes
from calendula.appointments.changes import UnknownAppointment
from calendula.errors import Invalid
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.etags import Precondition
from calendula.http.limits import limits_of
from calendula.pages.forms import FormFields

_TOKEN = re.compile(r"mng_[A-Za-z0-9_-]+")
_NOBODYS = UUID(int=0)
_MOST_ECHOED = 300  # characters


class UnknownLink(Invalid):
    """The link is mistyped, or has expired or was revoked: which, nobody is told."""

    code = "unknown-link"

    def __init__(self, typed: str) -> None:
        super().__init__("The link opens no appointment.")
        self.typed = typed[:_MOST_ECHOED]


class Own(NamedTuple):
    """A patient's own appointment, and how they have come to it."""

    id: UUID
    token: str
    version: str
    """The one of which the page told that a form comes from; empty where it told of none."""

    @property
    def caller(self) -> Caller:
        """Who sends the form: the same to the rules and the log as if they used the API."""
        return Caller(appointment_id=self.id)

    @property
    def precondition(self) -> Precondition:
        """Lets nobody change an appointment that is not as they have seen it."""
        return etags.seen(self.version)


def _open(request: Request, fields: FormFields, database: DatabaseOfApp) -> Own:
    """Return whose appointment a form's `token` opens, be it the token alone or the whole link."""
    typed = fields.get("token", "")
    match = _TOKEN.search(typed)
    if match is None:
        raise UnknownLink(typed)
    try:
        guessing = limits_of(request).guessing(request, UnknownAppointment)
        with guessing, database.read() as session:
            appointment = changes.get(session, tokens.find(session, match[0]) or _NOBODYS)
    except UnknownAppointment:  # nor is a hold one
        raise UnknownLink(typed) from None
    own = Own(appointment.id, match[0], fields.get("version", ""))
    request.state.own = own  # for the page that says why something is refused
    return own


OwnAppointment = Annotated[Own, Depends(_open)]
"""The appointment that the token of the form opens; else UnknownLink is raised."""

"""The guard before every route of the API."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import BackgroundTasks, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from calendula.access import roles, service, tokens
from calendula.access.roles import PUBLIC, Caller, Role
from calendula.database import Database
from calendula.errors import CalendulaError, Forbidden, InvalidToken, Unauthenticated, Unavailable
from calendula.events import service as events
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.fields import parse_id

_NEEDS_KEY = "This needs a key, sent as Authorization: Bearer."
_NO_GOOD = "The key is not valid."


async def authorise(
    request: Request, response: Response, background: BackgroundTasks, database: DatabaseOfApp
) -> AsyncIterator[Caller]:
    """Give who calls, if they may do what they ask for, and write down where they are denied it.

    Without a key, nothing is looked up anywhere. Raises Unauthenticated where a key is needed and
    none is shown, InvalidToken where the one shown is no good, Forbidden where its role may not,
    and Unavailable where the database does not answer.
    """
    operation = request.scope["route"].name
    token = _token(request) if roles.asks(operation) else None
    response.headers["Vary"] = "Authorization"
    caller = PUBLIC
    if token is not None:
        caller, use_is_due = await run_in_threadpool(_identify, database, token)
        response.headers["Cache-Control"] = "no-store"
        if use_is_due and caller.key_id:  # the answer does not wait for the database's writer
            background.add_task(_record_use, database, caller.key_id)
    try:
        _check(operation, caller, request)
        yield caller
    except CalendulaError as error:
        if error.is_denial and caller is not PUBLIC:
            await background()  # which are not done behind an error
            await run_in_threadpool(_record_denial, database, caller, operation)
        raise


CallerOfRequest = Annotated[Caller, Depends(authorise)]
"""Who calls; FastAPI asks the guard once a request, however often it is named."""


def _token(request: Request) -> str | None:
    """Return the bearer token (RFC 6750); None where there is none, or another kind of credential.

    A token over and above the first is refused: nobody knows which one is meant.
    """
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise InvalidToken("Authorization is repeated.")
    scheme, _, token = (headers or [""])[0].strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _check(operation: str, caller: Caller, request: Request) -> None:
    if roles.may(operation, caller, parse_id(request.path_params.get("doctor_id"))):
        return
    if caller is PUBLIC:
        raise Unauthenticated(_NEEDS_KEY)
    raise Forbidden("The key's role may not do this.")


def _record_denial(database: Database, caller: Caller, operation: str) -> None:
    """Write down that somebody who is known was refused.

    Who is not known is not written down: anybody could fill the log.
    """
    with suppress(Unavailable), database.write() as session:
        events.record(session, "access.denied", actor=caller.actor, data={"operation": operation})


def _identify(database: Database, text: str) -> tuple[Caller, bool]:
    """Return who shows a key or a token, and whether its use is to be written down again."""
    with database.read() as session:
        if tokens.is_one(text):
            appointment_id = tokens.find(session, text)
            if appointment_id is not None:
                return Caller(appointment_id=appointment_id), False
        elif key := service.find_valid(session, text):
            return Caller(Role(key.role), key.id, key.doctor_id), service.use_is_due(key)
    raise InvalidToken(_NO_GOOD)


def _record_use(database: Database, key_id: UUID) -> None:
    with suppress(Unavailable), database.write() as session:  # the next use is written down then
        service.record_use(session, key_id)

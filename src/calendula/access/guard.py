"""The guard before every route of the API."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import BackgroundTasks, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from calendula.access import roles, service, sessions, tokens
from calendula.access.roles import PUBLIC, Caller
from calendula.database import Database
from calendula.errors import (
    CalendulaError,
    Forbidden,
    Forged,
    InvalidToken,
    SignedOut,
    Unauthenticated,
    Unavailable,
)
from calendula.events import service as events
from calendula.http.caps import Client
from calendula.http.clients import network_of
from calendula.http.dependencies import DatabaseOfApp, SettingsOfApp
from calendula.http.fields import parse_id
from calendula.http.limits import limits_of

_NEEDS_KEY = "This needs a key, sent as Authorization: Bearer."
_NO_GOOD = "The key is not valid."

_SAFE = {"GET", "HEAD", "OPTIONS"}  # RFC 9110, section 9.2.1: they change nothing
_CSRF_FIELD = "csrf"
_CSRF_HEADER = "X-CSRF-Token"


async def authorise(
    request: Request,
    response: Response,
    background: BackgroundTasks,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
) -> AsyncIterator[Caller]:
    """Give who calls, if they may do what they ask for, and write down where they are denied it.

    Without a key, nothing is looked up anywhere. Raises Unauthenticated where a key is needed and
    none is shown, InvalidToken where the one shown is no good, SignedOut at the desk without a good
    session, Forged where its form was not made for it, Forbidden where the role may not,
    TooManyRequests, and Unavailable where the database does not answer.
    """
    operation = request.scope["route"].name
    if at_desk := roles.at_desk(operation):
        idle = timedelta(minutes=settings.desk_idle_minutes)
        text = session_of(request)
        caller = await run_in_threadpool(_who_signed_in, database, text, idle, operation)
    else:
        caller = await _who_shows_a_key(request, response, background, database)
    if caller.key_id is not None:
        limits_of(request).take_key(request, caller.key_id)
    try:
        if at_desk:
            await _check_form(request)
        _check(operation, caller, request)
        request.state.caller = caller
        yield caller
    except CalendulaError as error:
        actor = error.actor or (None if caller is PUBLIC else caller.actor)
        if error.is_denial and actor:
            await background()  # which are not done behind an error
            await run_in_threadpool(record_denial, database, actor, operation)
        raise


def session_of(request: Request) -> str:
    """Return the text of the session in the cookie, good or not; empty where there is none."""
    return request.cookies.get(sessions.COOKIE, "")


CallerOfRequest = Annotated[Caller, Depends(authorise)]
"""Who calls; FastAPI asks the guard once a request, however often it is named."""


async def _capped(request: Request, caller: CallerOfRequest) -> Client | None:
    if caller.key_id is not None:
        return None
    return limits_of(request).client(network_of(request.scope))


ClientOfRequest = Annotated[Client | None, Depends(_capped)]
"""Whose slots are counted; nobody where a key is shown, since it is for many."""

SessionOfRequest = Annotated[str, Depends(session_of)]
"""The text of the session at the desk; in an operation of the desk it is a good one."""


async def _who_shows_a_key(
    request: Request, response: Response, background: BackgroundTasks, database: Database
) -> Caller:
    response.headers["Vary"] = "Authorization"
    token = _token(request) if roles.asks(request.scope["route"].name) else None
    if token is None:
        return PUBLIC
    with limits_of(request).guessing(request, InvalidToken):
        caller, use_is_due = await run_in_threadpool(_identify, database, token)
    response.headers["Cache-Control"] = "no-store"
    if use_is_due and caller.key_id:  # the answer does not wait for the database's writer
        background.add_task(_record_use, database, caller.key_id)
    return caller


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


async def _check_form(request: Request) -> None:
    """See that what changes something comes from a page that was made for the session.

    The cookie comes along by itself; what is in the form, or the header, another site cannot know.
    """
    if request.method in _SAFE:
        return
    given = request.headers.get(_CSRF_HEADER) or (await request.form(max_files=0)).get(_CSRF_FIELD)
    if not isinstance(given, str) or not sessions.is_csrf(session_of(request), given):
        raise Forged("This form is not of this session. Load the page again.")


def record_denial_in(request: Request, error: Exception) -> None:
    """Write down that an operation, once begun, was denied.

    It is for routes that answer their errors themselves: the guard does not see those.
    """
    caller: Caller = getattr(request.state, "caller", PUBLIC)
    if caller is not PUBLIC and isinstance(error, CalendulaError) and error.is_denial:
        database: Database = request.app.state.database
        record_denial(database, caller.actor, request.scope["route"].name)


def record_denial(database: Database, actor: str, operation: str) -> None:
    """Write down that somebody who is known was refused.

    Who is not known is not written down: anybody could fill the log.
    """
    with suppress(Unavailable), database.write() as session:
        events.record(session, "access.denied", actor=actor, data={"operation": operation})


def _identify(database: Database, text: str) -> tuple[Caller, bool]:
    """Return who shows a key or a token, and whether its use is to be written down again."""
    with database.read() as session:
        if tokens.is_one(text):
            appointment_id = tokens.find(session, text)
            if appointment_id is not None:
                return Caller(appointment_id=appointment_id), False
        elif key := service.find_valid(session, text):
            return service.caller_of(key), service.use_is_due(key)
    raise InvalidToken(_NO_GOOD)


def _record_use(database: Database, key_id: UUID) -> None:
    with suppress(Unavailable), database.write() as session:  # the next use is written down then
        service.record_use(session, key_id)


def _who_signed_in(database: Database, text: str, idle: timedelta, operation: str) -> Caller:
    """Return who signed the session in, and write down that they are there, however it ends.

    That is not left to be done behind the answer: an error, or a response with something of its own
    to do, has no such behind, and would count as nothing done.
    """
    with database.read() as session:
        found = sessions.find(session, text, idle=idle)
        if found is None:
            raise SignedOut("Nobody is signed in here, or not any more.")
        caller = service.caller_of(found.key)
    if found.touch_is_due and roles.is_activity(operation):
        with suppress(Unavailable), database.write() as session:
            sessions.touch(session, text, idle=idle)
    return caller

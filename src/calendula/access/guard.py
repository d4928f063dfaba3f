"""The guard before every route of the API."""

from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from calendula.access import roles, service
from calendula.access.roles import PUBLIC, Caller, Role
from calendula.database import Database
from calendula.errors import Forbidden, InvalidToken, Unauthenticated, Unavailable
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.fields import parse_id

_NEEDS_KEY = "This needs a key, sent as Authorization: Bearer."
_NO_GOOD = "The key is not valid."


async def authorise(request: Request, database: DatabaseOfApp) -> Caller:
    """Return who calls, if they may do what they ask for.

    Without a key, nothing is looked up anywhere. Raises Unauthenticated where a key is needed and
    none is shown, InvalidToken where the one shown is no good, Forbidden where its role may not,
    and Unavailable where the database does not answer.
    """
    operation = request.scope["route"].name
    token = _token(request) if roles.asks(operation) else None
    caller = PUBLIC if token is None else await run_in_threadpool(_look_up, database, token)
    if roles.may(operation, caller, parse_id(request.path_params.get("doctor_id"))):
        return caller
    if caller.key_id is None:
        raise Unauthenticated(_NEEDS_KEY)
    raise Forbidden("The key's role may not do this.")


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


def _look_up(database: Database, token: str) -> Caller:
    with database.read() as session:
        key = service.find_valid(session, token)
    if key is None:
        raise InvalidToken(_NO_GOOD)
    if service.use_is_due(key):
        with suppress(Unavailable), database.write() as session:  # the request matters more
            service.record_use(session, key.id)
    return Caller(Role(key.role), key.id, key.doctor_id)

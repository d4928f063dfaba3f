import re
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from pydantic import WithJsonSchema

from calendula.database import Database
from calendula.errors import Invalid
from calendula.settings import Settings

# draft-ietf-httpapi-idempotency-key-header-07: a Structured Fields string (RFC 9651), in quotes.
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BARE = re.compile(r"[\x20\x21\x23-\x7e][\x20-\x7e]*")
_LONGEST_KEY = 255
# Both as a pattern of the OpenAPI document; white space around a header's value is not part of it.
_KEYS = (
    rf'^("([ !#-\[\]-~]|\\["\\]){{1,{_LONGEST_KEY}}}"'
    rf"|[!#-~]([ -~]{{0,{_LONGEST_KEY - 2}}}[!-~])?)$"
)


class InvalidIdempotencyKey(Invalid):
    """The header is no key."""

    code = "idempotency-key-invalid"


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _strict_query(request: Request) -> None:
    """Refuse a query that is no UTF-8, or says a thing twice: nobody knows what is meant."""
    try:
        unquote_to_bytes(request.scope["query_string"]).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("The query is not in UTF-8.") from None
    names = [name for name, _ in request.query_params.multi_items()]
    if len(set(names)) < len(names):
        raise Invalid("A query parameter is repeated.")


StrictQuery = Depends(_strict_query)


async def _known_query(request: Request, _strict: Annotated[None, StrictQuery]) -> None:
    """Refuse a parameter that the operation does not have: a misspelt `dry_run` would be none."""
    known = _parameters(request.scope["route"].dependant)
    if not known.issuperset(request.query_params):
        taken = f"no parameters but {', '.join(sorted(known))}" if known else "no parameters"
        raise Invalid(f"The query of this operation takes {taken}.")


def _parameters(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_parameters, dependant.dependencies))


async def _idempotency_key(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "pattern": _KEYS}),
        Header(
            alias="Idempotency-Key",
            description="Makes a retry safe: the same key and booking give the first answer again. "
            "1 to 255 printable ASCII characters, bare or in double quotes.",
            examples=['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
        ),
    ] = None,
) -> str | None:
    if idempotency_key is None:
        return None
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise InvalidIdempotencyKey("Idempotency-Key is repeated.")
    quoted = _QUOTED.fullmatch(idempotency_key)
    bare = _BARE.fullmatch(idempotency_key)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else idempotency_key if bare else ""
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise InvalidIdempotencyKey("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return key


DatabaseOfApp = Annotated[Database, Depends(_database)]
SettingsOfApp = Annotated[Settings, Depends(_settings)]
IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]
KnownQuery = Depends(_known_query)

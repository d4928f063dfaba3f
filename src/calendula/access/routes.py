from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from calendula.access import service
from calendula.access.guard import CallerOfRequest
from calendula.access.models import ApiKey
from calendula.access.schemas import KeyInfo, NewKey, NewKeyInfo
from calendula.http import openapi
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.fields import PathId
from calendula.http.json_body import JsonRoute
from calendula.http.links import link
from calendula.http.pagination import Cursor, Limit, Page, page

_RESPONSES: dict[int | str, dict[str, Any]] = {
    404: openapi.problem("No key has this id"),
}

router = APIRouter(tags=["Keys"], route_class=JsonRoute, dependencies=[KnownQuery])


@router.post("/v1/keys", status_code=201, summary="Make a key")
def create_key(
    new: NewKey,
    request: Request,
    response: Response,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
) -> NewKeyInfo:
    """Make a key. The answer is the only one that ever holds it."""
    with database.write() as session:
        key, text = service.create(
            session,
            new.name,
            new.role,
            actor=caller.actor,
            doctor_id=new.doctor_id,
            expires_at=new.expires_at,
        )
    response.headers["Location"] = link(request, f"/v1/keys/{key.id}")
    return NewKeyInfo(**KeyInfo.model_validate(key).model_dump(), key=text)


@router.get("/v1/keys", summary="List the keys")
def list_keys(database: DatabaseOfApp, cursor: Cursor = None, limit: Limit = 50) -> Page[KeyInfo]:
    """List all keys in the order of their making, the expired and the revoked among them."""
    with database.read() as session:
        keys, following = page(session, select(ApiKey), [ApiKey.id], cursor, limit)
    return Page(items=[KeyInfo.model_validate(key) for key in keys], next=following)


@router.get("/v1/keys/{key_id}", summary="Read a key", responses=_RESPONSES)
def read_key(key_id: PathId, database: DatabaseOfApp) -> KeyInfo:
    """Show what may be seen of a key."""
    with database.read() as session:
        return KeyInfo.model_validate(service.get(session, key_id))


@router.delete("/v1/keys/{key_id}", status_code=204, summary="Revoke a key", responses=_RESPONSES)
def revoke_key(key_id: PathId, caller: CallerOfRequest, database: DatabaseOfApp) -> None:
    """Let a key open nothing from now on. It stays in the list. Twice is the same as once."""
    with database.write() as session:
        service.revoke(session, ApiKey.id == key_id, actor=caller.actor)

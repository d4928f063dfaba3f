"""Every operation that the service has, asked once by somebody who may."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fastapi.routing import iter_route_contexts
from httpx2 import Response

from calendula.access.roles import ADMIN, TABLE, Role
from calendula.database import Database
from calendula.pages import assets
from calendula.settings import Settings
from support.access import bearer, make_key
from support.bodies import BODIES
from support.clinic import furnish
from support.desk import DeskClient

_STREAMS = {"live", "desk_live"}  # without end, where they are asked by whom they are for
_LAST = "desk_sign_out"


class Asked(NamedTuple):
    """An operation, and what it answered."""

    operation: str
    method: str
    path: str
    answer: Response


def ask(
    settings: Settings,
    database: Database,
    headers: Mapping[str, str] | None = None,
    role: Role = ADMIN,
) -> Iterator[Asked]:
    """Ask each operation of the API by a key of this role, and each page, signed in at the desk."""
    with DeskClient(settings) as client:
        ids = defaultdict(lambda: "x", furnish(client, bearer(make_key(database, ADMIN).text)))
        key = bearer(make_key(database, role).text)
        client.sign_in(database, role)
        client.headers.update(headers or {})
        ids |= {"version": assets.load()["page.js"].version, "name": "page.js", "step": "check"}
        for operation, method, path in _operations(client.app):
            where = path.format_map(ids)
            if operation in _STREAMS:
                answer = client.get(where, headers={"Cookie": ""})
            elif path.startswith("/v1") or operation in BODIES:
                body = BODIES.get(operation)
                answer = client.request(method, where, json=body, headers=key)
            elif method == "POST":
                answer = client.submit(where)
            else:
                answer = client.request(method, where)
            yield Asked(operation, method, where, answer)


def _operations(app: Any) -> list[tuple[str, str, str]]:
    found = [
        (str(route.name), method, str(route.path_format))
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if route.name in TABLE
    ]
    return sorted(found, key=lambda it: it[0] == _LAST)

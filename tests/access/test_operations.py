"""The table of roles is what the service does: every operation is tried with every role."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import update

from calendula import clock
from calendula.access import sessions
from calendula.access.models import ApiKey
from calendula.access.roles import (
    ADMIN,
    ANYBODY,
    DOCTOR,
    OWN,
    PATIENT,
    TABLE,
    UNASKED,
    Role,
    at_desk,
)
from calendula.app import create_app
from calendula.database import Database
from calendula.pages.desk import live
from calendula.settings import Settings
from support.access import bearer, cookie, make_key, make_session
from support.clinic import token

NO_GOOD = ("expires_at", "revoked_at")
CALLERS = (*Role, "nobody", "token", *NO_GOOD)


def _operations(app: FastAPI) -> dict[str, RouteContext]:
    routes = [it for it in iter_route_contexts(app.routes) if isinstance(it.route, APIRoute)]
    named = {str(route.name): route for route in routes}
    assert len(named) == len(routes), "two operations share a name, and thereby a row"
    return named


def test_the_table_has_every_operation_and_no_other(settings: Settings) -> None:
    """Nobody can add a route without saying who may, nor leave a row behind."""
    assert set(_operations(create_app(settings))) == set(TABLE)


def _expected(operation: str, caller: str, *, own: bool) -> int | None:
    """Return the status that the table wants: 401, 403, or None for any other."""
    row = TABLE[operation]
    if UNASKED in row:
        return None
    if caller in NO_GOOD:
        return 401
    if ANYBODY in row:
        return None
    if caller == "nobody" or (caller == "token" and at_desk(operation)):
        return 401
    if caller == "token":
        return None if PATIENT in row else 403
    return None if caller in row or (OWN in row and caller == DOCTOR and own) else 403


def _headers(database: Database, client: TestClient, caller: str) -> tuple[dict[str, str], str]:
    """Return the headers of a caller, and the id of the doctor whose key it is.

    A key is shown both ways: in the header, and by a session at the desk that it signed in.
    """
    if caller == "nobody":
        return {}, str(uuid4())
    if caller == "token":
        return bearer(token(client)), str(uuid4())
    made = make_key(database, Role(caller) if caller in list(Role) else ADMIN)
    headers = {**bearer(made.text), **cookie(make_session(database, made.key))}
    if caller in NO_GOOD:
        with database.write() as session:
            session.execute(update(ApiKey).values({caller: clock.now()}))
    return headers, str(made.key.doctor_id or uuid4())


def _statuses(
    client: TestClient, route: RouteContext, headers: Mapping[str, str], doctor_id: str
) -> list[int]:
    path = str(route.path_format).replace("{doctor_id}", doctor_id)
    path = re.sub(r"\{\w+\}", lambda _: str(uuid4()), path)
    answers = [
        client.request(method, path, headers=headers, follow_redirects=False)
        for method in route.methods or ()
    ]
    return [401 if _leads_to_sign_in(it) else it.status_code for it in answers]


def _leads_to_sign_in(answer: Any) -> bool:
    """Tell whether a page of the desk says in its way that nobody is signed in."""
    there = answer.headers.get("location", "")
    return there.startswith("/desk/sign-in") and "signed_out" not in there


@pytest.mark.parametrize("caller", CALLERS)
def test_the_table_is_what_happens(
    client: TestClient,
    database: Database,
    settings: Settings,
    caller: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each operation is 401 or 403 to a caller exactly where the table says so."""
    monkeypatch.setattr(sessions, "end", lambda *_: None)  # the others are tried after it
    monkeypatch.setattr(live, "_LASTS", 0.1)  # seconds: whoever may have the stream reads it all
    headers, own = _headers(database, client, caller)
    for name, route in _operations(create_app(settings)).items():
        for doctor_id in own, str(uuid4()):
            expected = _expected(name, caller, own=doctor_id == own)
            for status in _statuses(client, route, headers, doctor_id):
                refused = status if status in {401, 403} else None
                assert refused == expected, (name, caller, status)


def test_every_row_is_tried(settings: Settings) -> None:
    """The test above sees all three outcomes, for operations that are there."""
    tried = Counter(
        _expected(name, caller, own=True)
        for name in _operations(create_app(settings))
        for caller in CALLERS
    )
    assert set(tried) == {401, 403, None}

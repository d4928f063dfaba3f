"""What browsers send by mistake or on purpose, to every page and every form of the pages."""

from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from hypothesis import settings

from calendula.access.roles import ADMIN
from fuzz import values
from fuzz.values import MARK
from support import openapi
from support.access import cookie, make_key, make_session
from support.furnished import Furnished
from support.pages import Page

BAD = [
    *(values.NUL, *values.HIDDEN, "x" * 5000, MARK + "\u0301" * 500, "<script>alert(1)</script>"),
    *("{{7*7}}", "'; DROP TABLE doctor; --", "2027-02-30", "0001-01-01", "9999-12-31", "٣", "-1"),
    *("1e999", str(2**63), "../etc/passwd", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59Z"),
]
_ENDLESS = {"live", "desk_live"}  # they send as long as somebody listens
_ENDS_IT = {"desk_sign_out"}  # and nobody would be signed in for the others


def _routes(app: FastAPI) -> list[RouteContext]:
    known = openapi.document()["paths"]
    return [
        it
        for it in iter_route_contexts(app.routes)
        if isinstance(it.route, APIRoute)
        and it.path_format not in known
        and it.name not in _ENDLESS | _ENDS_IT
    ]


def _path(route: RouteContext, ids: dict[str, str]) -> str:
    return str(route.path_format).format(**{"step": "check", "version": "1", "name": "x", **ids})


def _query_names(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_query_names, dependant.dependencies))


def _queries(app: FastAPI, ids: dict[str, str]) -> Iterator[str]:
    """Yield every page with every bad value for each parameter of its query, and of its path."""
    for route in [it for it in _routes(app) if it.methods == {"GET"}]:
        dependant = getattr(route.route, "dependant", Dependant())
        for name, value in product(_query_names(dependant), BAD):
            yield f"{_path(route, ids)}?{name}={quote(value)}"
        for name, value in product(ids, values.NO_IDS_IN_PATHS):
            if f"{{{name}}}" in str(route.path_format):
                yield _path(route, {**ids, name: value})


def _typed(clinic: Furnished, headers: dict[str, str]) -> set[str]:
    """Return the names of the fields of all forms that the pages show; of a week those of once."""
    found = {"token", "start", "version", "identifier"}
    for route in [it for it in _routes(clinic.app) if it.methods == {"GET"}]:
        answer = clinic.client.get(_path(route, clinic.ids), headers=headers)
        if answer.headers.get("content-type", "").startswith("text/html"):
            found.update(*(form.fields for form in Page(answer).forms))
    return {it for it in found - {"csrf"} if it.startswith("mon-0-") or "-" not in it}


def _look(answer: Any) -> None:
    """See that an answer of the pages is one, and shows what was typed as a text."""
    assert answer.status_code < 500, answer.request.url
    assert "<script>alert(1)" not in answer.text
    assert "cal_" not in answer.headers.get("location", "")
    assert MARK not in answer.headers.get("location", "")


@pytest.fixture
def headers(clinic: Furnished) -> dict[str, str]:
    """What the browser of an admin who is signed in sends."""
    made = make_key(clinic.database, ADMIN)
    return {**cookie(make_session(clinic.database, made.key)), "Authorization": ""}


def test_no_query_fails_a_page(
    clinic: Furnished, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever stands in the address of a page, there is an answer, and no log line with it."""
    asked = list(_queries(clinic.app, clinic.ids))
    for path in asked:
        _look(clinic.client.get(path, headers=headers, follow_redirects=False))
    assert len(asked) > 500
    assert MARK not in str([it.msg for it in caplog.records if it.name != "httpx2"])


def test_no_field_fails_a_form(
    clinic: Furnished, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is typed into any field of any form, there is an answer, and no log line with it."""
    names = _typed(clinic, headers)
    assert len(names) > 15
    right = {"token": clinic.ids["token"], "date": clinic.ids["date"], "version": "1"}
    sent, apart = 0, 10 if settings().derandomize else 1  # `make fuzz` types everything
    for route in [it for it in _routes(clinic.app) if it.methods == {"POST"}]:
        for name in sorted(names):
            for value in BAD[sent % apart :: apart]:
                form = {**right, name: value}
                path = _path(route, clinic.ids)
                _look(clinic.client.post(path, data=form, headers=headers, follow_redirects=False))
                sent += 1
    assert sent > 1000
    assert MARK not in str([it.msg for it in caplog.records if it.name != "httpx2"])


def test_every_field_at_once_fails_no_form(clinic: Furnished, headers: dict[str, str]) -> None:
    """A form full of what nobody can mean is answered, too."""
    names = _typed(clinic, headers)
    for route in [it for it in _routes(clinic.app) if it.methods == {"POST"}]:
        for value in BAD:
            form = {**dict.fromkeys(names, value), "token": clinic.ids["token"]}
            path = _path(route, clinic.ids)
            _look(clinic.client.post(path, data=form, headers=headers, follow_redirects=False))

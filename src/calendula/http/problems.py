"""Every error answer: RFC 9457 problem details. The one place that turns errors into HTTP."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.types import Scope

from calendula.errors import (
    CalendulaError,
    Conflict,
    Forbidden,
    Invalid,
    InvalidToken,
    NotFound,
    Stale,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "1"}  # seconds
ALL_REQUIRED = "All fields are required!"

_STATUS: Mapping[type[CalendulaError], HTTPStatus] = {
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CHALLENGE = 'Bearer realm="calendula"'
_CHALLENGES: Mapping[type[CalendulaError], Mapping[str, str]] = {  # RFC 6750, section 3
    Unauthenticated: {"WWW-Authenticate": _CHALLENGE},
    InvalidToken: {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
}
_TITLES = {  # RFC 9110; new in Python 3.13
    413: "Content Too Large",
    414: "URI Too Long",
    422: "Unprocessable Content",
}


def install(app: FastAPI, failure_messages: Mapping[str, str]) -> None:
    """Let every error of the app be answered as a problem.

    `failure_messages` has the paths whose clients read a member `msg`, each with what it says where
    the service itself fails; for any other error it repeats the detail.
    """
    app.state.failure_messages = failure_messages
    app.add_exception_handler(CalendulaError, answer_domain_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, answer_http_error)


def problem(
    scope: Scope,
    status: int,
    detail: str,
    *,
    code: str | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the answer to a request that went wrong.

    `code` says to a program what went wrong; it is the status's name where nothing finer is known.
    """
    content = body(status, detail, code, members or {})
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    failure_message = scope["app"].state.failure_messages.get(path)
    if failure_message is not None:
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        content = {"msg": failure_message if failed else detail, **content}
    headers = {"Cache-Control": "no-store", **(headers or {})}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {**RETRY_AFTER, **headers}
    return JSONResponse(content, int(status), headers=headers, media_type=MEDIA_TYPE)


def body(status: int, detail: str, code: str | None, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a problem (RFC 9457, section 3.1), and those beside them."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": int(status),
        "detail": detail,
        "code": code or title.lower().replace(" ", "-"),
        **members,
    }


def status_of(error: CalendulaError) -> HTTPStatus:
    """Return the status that an error is answered with."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def noted(request: Request, error: CalendulaError) -> HTTPStatus:
    """Return the status of an error, and let the request's line and numbers know what it was."""
    request.state.cause = error.__cause__
    request.state.code = error.code
    return status_of(error)


def retry_after(error: Exception) -> dict[str, str]:
    """Return the header that says when to try again, where that is known."""
    seconds = getattr(error, "retry_after", None)
    if seconds is not None:
        return {"Retry-After": str(seconds)}
    return dict(RETRY_AFTER) if isinstance(error, Unavailable) else {}


async def answer_domain_error(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to an error of the domain, by the table of their kinds."""
    assert isinstance(error, CalendulaError)  # noqa: S101 - Starlette's handlers take any exception
    headers = dict(
        next((_CHALLENGES[kind] for kind in type(error).__mro__ if kind in _CHALLENGES), {})
    )
    headers |= retry_after(error)
    return problem(
        request.scope,
        noted(request, error),
        error.detail,
        code=error.code,
        members=error.members,
        headers=headers,
    )


async def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to what the framework refuses: a path, or a method, that is not there."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _methods(request)):
        headers["Allow"] = ", ".join(methods)
    return problem(request.scope, error.status_code, f"{error.detail}.", headers=headers)


def _methods(request: Request) -> list[str]:
    """Return all that can be done at a path (RFC 9110, section 10.2.1).

    The framework names what its first route there can do, and each operation is a route here.
    """
    path = getattr(request.scope.get("route"), "path_format", None)
    routes = (it for it in iter_route_contexts(request.app.routes) if it.path_format == path)
    return sorted({method for route in routes for method in route.methods or ()})


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """Tell what is wrong with each field, by its name and without its value."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = list(error.errors())
    fields = [
        {"field": _field(fault["loc"]), "detail": fault["msg"].removeprefix("Value error, ")}
        for fault in faults
    ]
    if any(_is_missing(fault) for fault in faults):
        detail = ALL_REQUIRED
    else:
        detail = "; ".join(f"{field['field']} {field['detail']}" for field in fields) + "."
    return problem(request.scope, 422, detail, code="invalid", members={"errors": fields})


def _field(place: tuple[int | str, ...]) -> str:
    """Return the name of a field, with those that it lies in: `windows.0.start`."""
    return ".".join(map(str, place[1:] or place))


def _is_missing(fault: Mapping[str, Any]) -> bool:
    """Tell whether a field, or the body itself, is missing, null or blank, or is no object."""
    no_object = fault["loc"] == ("body",) and fault["type"] == "model_attributes_type"
    return fault["type"] in {"missing", "blank"} or fault["input"] is None or no_object

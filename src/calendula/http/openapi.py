"""What the OpenAPI document says of errors, and its pages at /docs and /redoc."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import iter_route_contexts
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from calendula.http.limits import EXEMPT
from calendula.http.problems import MEDIA_TYPE, body

_ASSETS = "docs-assets"
_NOTHING_SAID = "Successful Response"
_RATES = {
    "Retry-After": "Seconds after which to try again.",
    "RateLimit-Policy": "How many requests may be sent in how many seconds, by policy: "
    '`"requests";q=3000;w=60`. Most other answers have it too.',
    "RateLimit": 'What is left of it, and for how many seconds: `"requests";r=2999;t=60`.',
}
_DONE = {"200": "OK", "201": "Made; `Location` is where", "204": "Done; there is no body"}
_NO_GOOD = body(401, "The key is not valid.", "invalid-token", {})
_HEADERS = {
    "201": ("Location", "Where it is.", {"type": "string"}),
    "401": ("WWW-Authenticate", "How to show a key (RFC 6750).", {"type": "string"}),
    "503": ("Retry-After", "In how many seconds to try again.", {"type": "integer", "minimum": 1}),
}


class _Assets(StaticFiles):
    """Files that a cache may keep, if it asks each time whether they are still the same."""

    def file_response(self, *args: Any, **others: Any) -> Response:
        response = super().file_response(*args, **others)
        response.headers["Cache-Control"] = "no-cache"
        return response


class FieldFault(BaseModel):
    """What is wrong with one field."""

    field: str
    detail: str


class Problem(BaseModel):
    """Why a request failed (RFC 9457)."""

    type: str = Field(description="`about:blank`: the status and `code` say what went wrong.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="A sentence for people.")
    code: str = Field(description="What went wrong, for programs.")
    errors: list[FieldFault] | None = Field(default=None, description="Each field at fault.")
    msg: str | None = Field(
        default=None, description="On `/book_appointment` and `/available_slots`: a line to show."
    )


def answer(description: str, **examples: Any) -> dict[str, Any]:
    """Return the documentation of an answer, with named examples of its body."""
    return {"description": description, "content": {"application/json": _named(examples)}}


def problem(description: str, **examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of an error response, with named examples of its body."""
    schema: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {"description": description, "content": {MEDIA_TYPE: schema | _named(examples)}}


def _named(examples: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: {"value": value} for name, value in examples.items()}
    return {"examples": named} if named else {}


def install(app: FastAPI, roles_needed: Callable[[str], Sequence[str]]) -> None:
    """Serve the document, and its two pages without a download from anywhere else.

    `roles_needed` tells which roles may do an operation, by the name of its route's function; none
    where no key is needed.
    """

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                license_info=app.license_info,
                tags=app.openapi_tags,
                routes=app.routes,
                servers=app.servers,
            )
            schemas = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts = app.openapi_schema.setdefault("components", {}).setdefault("schemas", {})
            parts.update(schemas.pop("$defs"), Problem=schemas)
            for name in "HTTPValidationError", "ValidationError":
                parts.pop(name, None)
            _document_access(app, app.openapi_schema, roles_needed)
        return app.openapi_schema

    # How FastAPI wants it extended:
    app.openapi = document  # type: ignore[method-assign]
    app.mount(f"/{_ASSETS}", _Assets(packages=[("fastapi_offline", "static")]))
    favicon = f"{_ASSETS}/favicon.png"
    swagger = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{_ASSETS}/swagger-ui.css",
        swagger_favicon_url=favicon,
        swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
    )
    redoc = get_redoc_html(
        openapi_url="openapi.json",
        title=app.title,
        redoc_js_url=f"{_ASSETS}/redoc.standalone.js",
        redoc_favicon_url=favicon,
        with_google_fonts=False,
    )
    for path, page in ("/docs", swagger), ("/redoc", redoc):
        _forbid_strangers(page)
        app.add_route(path, _always(page), include_in_schema=False)


def _document_access(
    app: FastAPI, document: dict[str, Any], roles_needed: Callable[[str], Sequence[str]]
) -> None:
    """Say of each operation whether it needs a key, or takes one, and how it refuses."""
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "A key of the clinic."}
    }
    failing = app.state.failure_messages
    for route in iter_route_contexts(app.routes):
        operations = document["paths"].get(route.path_format, {})
        roles = roles_needed(route.name or "")
        for operation in [
            operations[it.lower()] for it in route.methods or () if it.lower() in operations
        ]:
            if "Health" not in operation["tags"]:
                operation["responses"] = {**_always_possible(operation), **operation["responses"]}
                operation["security"] = [{}, {"key": []}]
            _correct(operation["responses"])
            _show_nulls(operation["responses"], route.responses)
            if route.path_format not in EXEMPT:
                _limit(operation["responses"], says_msg=route.path_format in failing)
            if roles:
                operation["security"] = [{"key": []}]
                operation["responses"] |= _refusals(roles)
            _document_headers(operation["responses"])
            operation["responses"] = dict(sorted(operation["responses"].items()))


def _always_possible(operation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an operation may answer for what it takes, whatever it does."""
    answers = {
        "401": problem("The key that was shown is not valid", no_good=_NO_GOOD),
        "422": problem("A field or a parameter is not acceptable"),
        "503": problem("The outcome is not known, or nothing can be done right now"),
    }
    if "requestBody" in operation:
        answers["400"] = problem("The body is not readable as JSON in UTF-8")
        answers["413"] = problem("The body is too large")
        answers["415"] = problem("The body is of another content type")
    if any(it["name"] == "If-Match" for it in operation.get("parameters", ())):
        answers["412"] = problem("`If-Match` is stale: read it again")
    return answers


def _document_headers(responses: Mapping[str, dict[str, Any]]) -> None:
    """Say which header an answer of some status always has; the place where it says that it has."""
    for status, (name, description, schema) in _HEADERS.items():
        said = responses.get(status, {}).get("description", "")
        if status in responses and (name != "Location" or name in said):
            header = {"description": description, "required": True, "schema": schema}
            responses[status].setdefault("headers", {})[name] = header


def _refusals(roles: Sequence[str]) -> dict[str, Any]:
    no_key = body(401, "This needs a key, sent as Authorization: Bearer.", "unauthenticated", {})
    may_not = body(403, "The key's role may not do this.", "forbidden", {})
    return {
        "401": problem("No key, or none that is valid", no_key=no_key, no_good=_NO_GOOD),
        "403": problem(f"The key's role is not one of: {', '.join(roles)}", may_not=may_not),
    }


def _limit(responses: dict[str, Any], *, says_msg: bool) -> None:
    """Say that an operation may be asked for too often, as any other."""
    example = body(429, "So many requests came already. Try again in a moment.", None, {})
    if says_msg:
        example = {"msg": example["detail"], **example}
    said = responses.get("429", {}).get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
    documented = problem("Too much for now; `Retry-After` says for how long")
    documented["content"][MEDIA_TYPE]["examples"] = {
        **said,
        "too_many_requests": {"value": example},
    }
    documented["headers"] = {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in _RATES.items()
    }
    responses["429"] = documented


def _correct(responses: dict[str, Any]) -> None:
    """Replace what FastAPI makes up: the service's own 422 is a problem as all others are."""
    for status, done in _DONE.items():
        if responses.get(status, {}).get("description") == _NOTHING_SAID:
            responses[status]["description"] = done
    if MEDIA_TYPE not in responses.get("422", {}).get("content", {MEDIA_TYPE: None}):
        responses["422"] = problem("A field or a parameter is not acceptable")


def _show_nulls(documented: dict[str, Any], responses: Mapping[int | str, Any]) -> None:
    """Put the examples in as they are: FastAPI leaves out what is null in them."""
    for status, response in responses.items():
        for kind, content in response.get("content", {}).items():
            if "examples" in content:
                documented[str(status)]["content"][kind]["examples"] = content["examples"]


def _forbid_strangers(page: HTMLResponse) -> None:
    """Let the page load nothing from elsewhere, whatever its scripts try (ReDoc wants a logo)."""
    inline = re.findall(rb"<script>(.*?)</script>", bytes(page.body), re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(code).digest()).decode()}'" for code in inline)
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def _always(page: HTMLResponse) -> Any:
    async def answer(_request: object) -> HTMLResponse:
        return page

    return answer

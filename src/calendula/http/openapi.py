"""What the OpenAPI document says of errors, and its pages at /docs and /redoc."""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from calendula.http.problems import MEDIA_TYPE

_ASSETS = "docs-assets"


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


def problem(description: str, **examples: dict[str, Any]) -> dict[str, Any]:
    """Return the documentation of an error response, with named examples of its body."""
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"description": description, "content": {MEDIA_TYPE: content}}


def install(app: FastAPI) -> None:
    """Serve the document, and its two pages without a download from anywhere else."""

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
            )
            schemas = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts = app.openapi_schema.setdefault("components", {}).setdefault("schemas", {})
            parts.update(schemas.pop("$defs"), Problem=schemas)
        return app.openapi_schema

    # How FastAPI wants it extended:
    app.openapi = document  # type: ignore[method-assign]
    app.mount(f"/{_ASSETS}", StaticFiles(packages=[("fastapi_offline", "static")]))
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

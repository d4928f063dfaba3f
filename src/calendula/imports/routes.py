"""A file of doctors, hours and appointments, sent at once."""

from email.message import Message
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request

from calendula.access.guard import CallerOfRequest
from calendula.clinic.parameters import Flag
from calendula.http import openapi
from calendula.http.dependencies import DatabaseOfApp, KnownQuery, SettingsOfApp
from calendula.http.routing import Route
from calendula.imports import files, service
from calendula.imports.files import MEDIA_TYPES, Kind
from calendula.imports.report import Report
from calendula.imports.table import MAX_FILE

PATH = "/v1/imports"
_UTF_8 = {None, "utf-8", "utf8", "us-ascii"}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    413: openapi.problem(f"The body has more than {MAX_FILE // 1024**2} MiB"),
    415: openapi.problem("The body is neither CSV in UTF-8 nor an Excel workbook"),
    422: openapi.problem(
        "The body is no table of the template, or rows are at fault: then `rows` and `summary` are "
        "those of the report, and nothing is imported"
    ),
}
_BODY = {
    "required": True,
    "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in MEDIA_TYPES},
}

router = APIRouter(tags=["Imports"], route_class=Route)


async def _kind(request: Request) -> Kind:
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    kind = MEDIA_TYPES.get(message.get_content_type())
    if kind is None or message.get_content_charset() not in _UTF_8:
        raise HTTPException(415, f"The body must be one of {', '.join(MEDIA_TYPES)}")
    return kind


async def _content(
    request: Request, _allowed: CallerOfRequest, _kind_first: Annotated[Kind, Depends(_kind)]
) -> bytes:
    """Read the body, for those alone who may import, and where it is of a kind that is read."""
    return await request.body()


@router.post(
    PATH,
    summary="Import doctors, hours and appointments",
    responses=_RESPONSES,
    openapi_extra={"requestBody": _BODY},
    dependencies=[KnownQuery],
)
def import_records(
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    kind: Annotated[Kind, Depends(_kind)],
    content: Annotated[bytes, Depends(_content)],
    dry_run: Annotated[Flag, Query(description="Write nothing, and tell what would be.")] = False,
) -> Report:
    """Import a table, all of it or nothing. The guide on imports has the template."""
    rows = files.read(content, kind)
    with database.write(dry_run=dry_run) as session:
        reports = service.run(session, rows, actor=caller.actor, time_zone=settings.time_zone)
    return Report.of(reports, dry_run=dry_run)

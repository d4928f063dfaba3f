"""The kinds of visit, each with a length of its own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from calendula.access.guard import CallerOfRequest
from calendula.access.roles import Caller
from calendula.clinic import edits, examples
from calendula.clinic.answers import STALE, UNKNOWN, UNKNOWN_VISIT_TYPE
from calendula.clinic.visit_types.schemas import VisitTypeBody, VisitTypeInfo
from calendula.doctors import service as doctors
from calendula.events import service as events
from calendula.http import etags
from calendula.http.dependencies import DatabaseOfApp, KnownQuery
from calendula.http.etags import IfMatch
from calendula.http.fields import Id, PathId
from calendula.http.json_body import JsonRoute
from calendula.http.links import link
from calendula.http.pagination import Cursor, Limit, Page, page
from calendula.visit_types import service
from calendula.visit_types.models import VisitType

router = APIRouter(
    prefix="/v1/visit-types", tags=["Visit types"], route_class=JsonRoute, dependencies=[KnownQuery]
)


@router.get("", summary="List the visit types", responses=UNKNOWN)
def list_visit_types(
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    doctor: Annotated[Id | None, Query(description="Only those that this doctor offers.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[VisitTypeInfo]:
    """List the kinds of visit by name. The staff sees those too that only the staff books."""
    query = service.visible(staff=caller.is_staff, doctor_id=doctor)
    with database.read() as session:
        if doctor is not None:
            doctors.by_id(session, doctor, inactive=caller.is_staff)
        rows, following = page(session, query, [VisitType.name_key], cursor, limit)
        named = service.doctors_of(session, rows, staff=caller.is_staff)
    return Page(items=[VisitTypeInfo.of(it, named.get(it.id)) for it in rows], next=following)


@router.post("", status_code=201, summary="Add a visit type", responses=examples.NEW_VISIT_TYPE)
def create_visit_type(
    new: VisitTypeBody,
    request: Request,
    response: Response,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
) -> VisitTypeInfo:
    """Add a kind of visit. From now on its slots can be asked for."""
    with database.write() as session:
        added = service.save(session, None, new.values(), new.doctor_ids)
        shown = _shown(session, added)
        _record(session, "visit-type.added", added.id, caller, after=shown)
    response.headers["Location"] = link(request, f"/v1/visit-types/{added.id}")
    etags.show(response, added.version)
    return shown


@router.get("/{visit_type_id}", summary="Read a visit type", responses=UNKNOWN_VISIT_TYPE)
def read_visit_type(
    visit_type_id: PathId, response: Response, caller: CallerOfRequest, database: DatabaseOfApp
) -> VisitTypeInfo:
    """Show a kind of visit; one that only the staff books, to the staff alone."""
    with database.read() as session:
        found = service.get(session, visit_type_id, staff=caller.is_staff)
        shown = _shown(session, found, staff=caller.is_staff)
    etags.show(response, found.version)
    return shown


@router.put(
    "/{visit_type_id}",
    summary="Replace a visit type",
    responses={**UNKNOWN_VISIT_TYPE, **examples.VISIT_TYPE_TAKEN, **STALE},
)
def replace_visit_type(
    visit_type_id: PathId,
    body: VisitTypeBody,
    response: Response,
    precondition: IfMatch,
    caller: CallerOfRequest,
    database: DatabaseOfApp,
) -> VisitTypeInfo:
    """Let a kind of visit be this. What is booked already stays as it was booked."""
    with database.write() as session:
        found = service.get_for_edit(session, visit_type_id)
        precondition.check(found.version)
        before = _shown(session, found)
        service.save(session, found, body.values(), body.doctor_ids)
        shown = _shown(session, found)
        _record(session, "visit-type.replaced", found.id, caller, before=before, after=shown)
    etags.show(response, found.version)
    return shown


@router.delete(
    "/{visit_type_id}",
    status_code=204,
    summary="Remove a visit type",
    responses={**UNKNOWN_VISIT_TYPE, **examples.VISIT_TYPE_IN_USE, **STALE},
)
def remove_visit_type(
    visit_type_id: PathId, precondition: IfMatch, caller: CallerOfRequest, database: DatabaseOfApp
) -> None:
    """Let there be no such kind of visit any more. One that was ever booked can only be hidden."""
    with database.write() as session:
        found = service.get_for_edit(session, visit_type_id)
        precondition.check(found.version)
        _record(session, "visit-type.removed", found.id, caller, before=_shown(session, found))
        service.remove(session, found)


def _shown(session: Session, visit_type: VisitType, *, staff: bool = True) -> VisitTypeInfo:
    named = service.doctors_of(session, [visit_type], staff=staff)
    return VisitTypeInfo.of(visit_type, named.get(visit_type.id))


def _record(
    session: Session,
    action: str,
    visit_type_id: UUID,
    caller: Caller,
    *,
    before: VisitTypeInfo | None = None,
    after: VisitTypeInfo | None = None,
) -> None:
    data = {"visit_type_id": str(visit_type_id), **edits.change(before, after)}
    events.record(session, action, actor=caller.actor, data=data)

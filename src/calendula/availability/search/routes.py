from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access.guard import CallerOfRequest
from calendula.availability.search import examples, service
from calendula.availability.search.index import Index, Place
from calendula.availability.search.schemas import FoundSlot
from calendula.availability.search.wish import PartOfDay, Wish
from calendula.errors import Invalid
from calendula.http.dependencies import DatabaseOfApp, KnownQuery, SettingsOfApp
from calendula.http.fields import Id, LocalDate, TimeZone, Words, one_of
from calendula.http.json_body import JsonRoute
from calendula.http.pagination import Cursor, Limit, Page, cursor_behind, read_cursor
from calendula.timetables.timetable import Visit
from calendula.timetables.weekdays import Weekday
from calendula.visit_types import service as visit_types

_RANGE = 90  # days, where nobody says how many
_FARTHEST = timedelta(days=365)

router = APIRouter(
    prefix="/v1/slots",
    tags=["Slots"],
    route_class=JsonRoute,
    dependencies=[KnownQuery],
)


async def _index(request: Request) -> Index:
    index: Index = request.app.state.index
    return index


IndexOfApp = Annotated[Index, Depends(_index)]


def _weekdays(text: str) -> str:
    if not set(text.split(",")) <= set(Weekday):
        raise ValueError(f"must be some of {', '.join(Weekday)}, with commas between them")
    return text


Weekdays = Annotated[
    str, AfterValidator(_weekdays), Query(description="With commas between.", examples=["mon,tue"])
]


@router.get("/search", summary="Find the first free slots", responses=examples.SEARCH)
def search_slots(
    caller: CallerOfRequest,
    database: DatabaseOfApp,
    settings: SettingsOfApp,
    index: IndexOfApp,
    specialty: Words | None = None,
    name: Annotated[
        Words | None, Query(description="Words of the name; case and accents do not matter.")
    ] = None,
    visit_type: Annotated[
        Id | None, Query(description="Starts at which a visit of this kind fits, as long as it is.")
    ] = None,
    part_of_day: Annotated[
        PartOfDay | None,
        one_of(PartOfDay),
        Query(description="Before 12, before 17, or later, by the doctor's clock."),
    ] = None,
    weekdays: Weekdays | None = None,
    first: Annotated[
        LocalDate | None, Query(alias="from", description="In the doctor's zone; today's.")
    ] = None,
    last: Annotated[
        LocalDate | None,
        Query(
            alias="to",
            description=f"{_RANGE - 1} days after `from`, unless told; up to a year from today.",
        ),
    ] = None,
    time_zone: Annotated[
        TimeZone | None,
        Query(description="IANA zone of the offsets; each doctor's where not given."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 10,
) -> Page[FoundSlot]:
    """List the first free slots among all doctors, by start and doctor.

    A page may hold fewer than `limit`, or none, and still have a `next`: then there was much to
    look through, and the next page goes on from there.
    """
    dates = _range(clock.now().astimezone(ZoneInfo(settings.time_zone)).date(), first, last)
    behind = Place(*read_cursor(cursor, datetime, UUID)) if cursor is not None else None
    with database.read() as session:
        visit, offering = _visit(session, visit_type, staff=caller.is_staff)
        wish = Wish(
            *dates,
            specialty=specialty,
            words=name or "",
            part=part_of_day,
            weekdays={Weekday(it).number for it in weekdays.split(",")} if weekdays else None,
            visit=visit,
            offering=offering,
        )
        slots, following = service.search(session, index, wish, behind, limit)
    zone = ZoneInfo(time_zone) if time_zone else None
    items = [FoundSlot.found(it, zone) for it in slots]
    return Page(items=items, next=following and cursor_behind(*following))


def _range(today: date, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the dates. Where it is still yesterday, that counts too, unless `from` says no."""
    farthest = today + _FARTHEST
    begin = first or today
    if begin > farthest or (last and last > farthest):
        raise Invalid(f"from and to must be at most {_FARTHEST.days} days from today.")
    end = last or min(begin + timedelta(days=_RANGE - 1), farthest)
    if end < begin:
        raise Invalid("to must be the same date as from, or later.")
    yesterday = today - timedelta(days=1)
    return max(first or yesterday, yesterday), end


def _visit(
    session: Session, visit_type_id: UUID | None, *, staff: bool
) -> tuple[Visit | None, list[UUID] | None]:
    if visit_type_id is None:
        return None, None
    found = visit_types.get(session, visit_type_id, staff=staff)
    named = visit_types.doctors_of(session, [found], staff=True).get(found.id)
    return visit_types.needs(found), named

"""The first page, on which somebody looks for a doctor."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.availability import service as availability
from calendula.availability.search import service as search
from calendula.availability.search.index import Index
from calendula.availability.search.routes import IndexOfApp
from calendula.availability.search.service import Free
from calendula.availability.search.wish import Wish
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Unavailable
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.fields import Words
from calendula.http.pagination import Cursor, page
from calendula.pages.page import PageRoute
from calendula.pages.reader import ReaderOfRequest
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot

_ON_A_PAGE = 12
_LOOK_AHEAD = timedelta(days=13)
_FIRST = 4
_FARTHEST = timedelta(days=89)

router = APIRouter(route_class=PageRoute, include_in_schema=False)


class Found(NamedTuple):
    """A doctor, and their first free slot that is known: one of two weeks, or first of all."""

    doctor: Doctor
    first: Slot | None


@router.get("/")
def find_doctor_page(
    reader: ReaderOfRequest,
    database: DatabaseOfApp,
    index: IndexOfApp,
    *,
    name: Annotated[Words, Query()] = "",
    specialty: Annotated[Words, Query()] = "",
    cursor: Cursor = None,
) -> Response:
    """Let somebody find a doctor by name or specialty, and see who is free first."""
    soonest = () if cursor else _soonest(database, index, specialty or None, name)
    firsts = {each.doctor.id: each.slot for each in reversed(soonest)}
    query = doctors.matching(specialty or None, name, inactive=False)
    with database.read() as session:
        rows, following = page(session, query, [Doctor.name_key], cursor, _ON_A_PAGE)
        found = [Found(it, firsts.get(it.id) or _first_free(session, it)) for it in rows]
        specialties = _specialties(session)
        clinic = timetables.clinic(session)
    shown = [(each.doctor, each.slot) for each in soonest]
    shown += [(each.doctor, each.first) for each in found if each.first]
    return reader.show(
        "booking/find.html",
        clinic_name=clinic.name,
        soonest=soonest,
        found=found,
        zones={reader.zone(slot.start, doctor.zone) for doctor, slot in shown},
        following=following,
        specialties=specialties,
        name=name,
        specialty=specialty,
    )


def _soonest(database: Database, index: Index, specialty: str | None, name: str) -> Sequence[Free]:
    """Return the first free times of all; none while others wait for them for long."""
    yesterday = clock.now().date() - timedelta(days=1)  # which it is still somewhere
    wish = Wish(yesterday, yesterday + _FARTHEST, specialty=specialty, words=name)
    with suppress(Unavailable), database.read() as session:
        return search.search(session, index, wish, None, _FIRST).slots
    return ()


def _first_free(session: Session, doctor: Doctor) -> Slot | None:
    today = clock.now().astimezone(doctor.zone).date()
    days = availability.days(session, doctor, today, today + _LOOK_AHEAD, past=False)
    return next((slot for day in days for slot in day.free), None)


def _specialties(session: Session) -> Sequence[str]:
    known = select(Doctor.specialty).where(Doctor.active, Doctor.specialty.is_not(None))
    return [it for it in session.scalars(known.distinct().order_by(Doctor.specialty)) if it]

"""The first page, on which somebody looks for a doctor."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.availability import service as availability
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.fields import Words
from calendula.http.pagination import Cursor, page
from calendula.pages.page import PageRoute
from calendula.pages.reader import ReaderOfRequest
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot

_ON_A_PAGE = 12
_LOOK_AHEAD = timedelta(days=13)

router = APIRouter(route_class=PageRoute, include_in_schema=False)


class Found(NamedTuple):
    """A doctor, and the first slot that is free within two weeks, if one is."""

    doctor: Doctor
    first: Slot | None


@router.get("/")
def find_doctor_page(
    reader: ReaderOfRequest,
    database: DatabaseOfApp,
    name: Annotated[Words, Query()] = "",
    specialty: Annotated[Words, Query()] = "",
    cursor: Cursor = None,
) -> Response:
    """Let somebody find a doctor by name or specialty."""
    query = doctors.matching(specialty or None, name, inactive=False)
    with database.read() as session:
        rows, following = page(session, query, [Doctor.name_key], cursor, _ON_A_PAGE)
        found = [Found(doctor, _first_free(session, doctor)) for doctor in rows]
        specialties = _specialties(session)
        clinic = timetables.clinic(session)
    return reader.show(
        "booking/find.html",
        clinic_name=clinic.name,
        found=found,
        following=following,
        specialties=specialties,
        name=name,
        specialty=specialty,
    )


def _first_free(session: Session, doctor: Doctor) -> Slot | None:
    today = clock.now().astimezone(doctor.zone).date()
    days = availability.days(session, doctor, today, today + _LOOK_AHEAD, past=False)
    return next((slot for day in days for slot in day.free), None)


def _specialties(session: Session) -> Sequence[str]:
    known = select(Doctor.specialty).where(Doctor.active, Doctor.specialty.is_not(None))
    return [it for it in session.scalars(known.distinct().order_by(Doctor.specialty)) if it]

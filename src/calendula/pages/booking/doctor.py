"""The page of a doctor, on which somebody chooses a time: a link that a clinic can share."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from calendula import clock
from calendula.availability.day import Reason
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.http.dependencies import DatabaseOfApp
from calendula.http.fields import Id, Instant, LocalDate, PathId
from calendula.pages.booking.days import Month
from calendula.pages.booking.seeing import Asked, look
from calendula.pages.languages import marked as _
from calendula.pages.page import PageRoute
from calendula.pages.reader import ReaderOfRequest
from calendula.timetables import service as timetables
from calendula.visit_types import service as visit_types
from calendula.visit_types.models import VisitType

_WHY: Mapping[Reason, str] = {
    "closed": _("The doctor sees no patients on this day."),
    "holiday": _("This day is a public holiday."),
    "time_off": _("The doctor is away on this day."),
    "past": _("The times of this day have passed."),
    "notice": _("It is too late to book for this day: the doctor must know earlier."),
    "horizon": _("This day is too far ahead to be booked yet."),
    "full": _("All times of this day are taken."),
}
_NO_SUCH_VISIT = _("The doctor has no visits of this kind on this day.")

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/doctors/{doctor_id}")
def doctor_page(
    doctor_id: PathId,
    reader: ReaderOfRequest,
    database: DatabaseOfApp,
    *,
    month: Annotated[Month | None, Query()] = None,
    day: Annotated[LocalDate | None, Query(alias="date")] = None,
    start: Annotated[Instant | None, Query()] = None,
    visit_type: Annotated[Id | None, Query()] = None,
) -> Response:
    """Show a doctor's free times, once it is known what for; the one that is wanted is marked."""
    with database.read() as session:
        doctor = doctors.by_id(session, doctor_id)
        clinic = timetables.clinic(session)
        offered = _offered(session, doctor)
        chosen = next((it for it in offered if it.id == visit_type or len(offered) == 1), None)
        view = None
        if chosen or not offered:
            needs = visit_types.needs(chosen) if chosen else None
            view = look(session, doctor, needs, Asked(month, day), reader.first_weekday)
    return reader.show(
        "booking/doctor.html",
        clinic_name=clinic.name,
        doctor=doctor,
        offered=offered,
        chosen=chosen,
        wanted={name: it.isoformat() for name, it in (("date", day), ("start", start)) if it},
        view=view,
        why={**_WHY, "closed": _NO_SUCH_VISIT} if chosen else _WHY,
        now=clock.now(),
        key=secrets.token_urlsafe(),
    )


def _offered(session: Session, doctor: Doctor) -> Sequence[VisitType]:
    query = visit_types.visible(staff=False, doctor_id=doctor.id)
    return session.scalars(query.order_by(VisitType.name_key)).all()

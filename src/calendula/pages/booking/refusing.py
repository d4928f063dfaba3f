"""A time that cannot be had: why, and the nearest free ones, with all that was typed."""

from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import chain
from urllib.parse import urlencode

from fastapi import Response
from sqlalchemy.orm import Session

from calendula import clock
from calendula.availability import service as availability
from calendula.booking import choices
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.errors import Conflict
from calendula.http import problems
from calendula.pages import sentences
from calendula.pages.booking.choosing import Pick
from calendula.pages.booking.scene import Step
from calendula.timetables.slots import Slot
from calendula.timetables.timetable import Visit

_OTHERS = 6
_BEFORE = timedelta(days=7)
_NO_TIME = timedelta()
_FARTHEST = timedelta(days=3700)  # beyond any policy's horizon


def show(step: Step, pick: Pick, refusal: Conflict) -> Response:
    """Return the page that says so kindly."""
    status = int(problems.noted(step.request, refusal))
    return step.show(
        "refused.html",
        pick.renewed(),
        status,
        told=sentences.of(step.reader, refusal, status),
        others=_others(step, pick),
        path=path_of(step, pick),
    )


def path_of(step: Step, pick: Pick) -> str:
    """Return the path of the page on which another time of the day can be chosen."""
    with step.database.read() as session:
        zone = doctors.by_id(session, step.doctor_id).zone
    query = {"date": str(_sensible(pick.start).astimezone(zone).date())}
    if pick.visit_type:
        query["visit_type"] = str(pick.visit_type)
    return f"/doctors/{step.doctor_id}?{urlencode(query)}"


def _others(step: Step, pick: Pick) -> list[Slot]:
    with step.database.read() as session:
        doctor = doctors.by_id(session, step.doctor_id)
        visit = choices.visit(session, pick.visit_type, doctor.id, staff=False)
        return _nearest(session, doctor, visit, _sensible(pick.start))


def _nearest(session: Session, doctor: Doctor, visit: Visit | None, wanted: datetime) -> list[Slot]:
    """Return some free slots around an instant, in time order."""
    first, last = ((wanted - back).astimezone(doctor.zone).date() for back in (_BEFORE, _NO_TIME))
    days = availability.days(session, doctor, first, last, past=False, visit=visit)
    before = (slot for day in days for slot in day.free if slot.start < wanted)
    after = availability.next_free(session, doctor, _OTHERS, visit, start=wanted)
    nearest = nsmallest(_OTHERS, chain(before, after), key=lambda it: abs(it.start - wanted))
    return sorted(nearest, key=lambda it: it.start)


def _sensible(instant: datetime) -> datetime:
    """Return an instant, or the nearest about which a doctor's timetable says anything."""
    now = clock.now()
    return min(max(instant, now), now + _FARTHEST)

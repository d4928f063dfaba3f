from datetime import date, datetime
from typing import Literal, NamedTuple

from sqlalchemy.orm import Session

from calendula import intervals
from calendula.appointments import service as appointments
from calendula.doctors.models import Doctor
from calendula.timetables import service as timetables
from calendula.timetables.slots import Slot

Reason = Literal["closed", "past", "full"]


class Day(NamedTuple):
    """The free slots of a date in time order, and why there are none where there are none."""

    free: list[Slot]
    reason: Reason | None


def free_slots(session: Session, doctor: Doctor, day: date, *, not_before: datetime | None) -> Day:
    """Return what can still be booked with a doctor on a local date, from `not_before` on."""
    offered = timetables.offered(session, doctor, day)
    if not offered:
        return Day([], "closed")
    ahead = [slot for slot in offered if not_before is None or slot.start >= not_before]
    if not ahead:
        return Day([], "past")
    busy = appointments.busy(session, doctor.id, ahead[0].start, max(slot.end for slot in ahead))
    free = intervals.free(ahead, busy)
    return Day(free, None if free else "full")


def default_slots(session: Session, day: date, time_zone: str) -> Day:
    """Return what a new doctor would offer: the clinic's default week, and nothing booked."""
    free = timetables.offered_by_default(session, day, time_zone)
    return Day(free, None if free else "closed")

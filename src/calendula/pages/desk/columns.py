"""What a doctor's column shows of a day, read from the same services as the API's."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.appointments.lifecycle import Action
from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING
from calendula.availability import service as availability
from calendula.availability.day import Reason
from calendula.clinic.days import service as days
from calendula.doctors.models import Doctor
from calendula.pages.desk import words
from calendula.pages.desk.day import Stretch, hours_on, stretch_of
from calendula.patients import service as patients
from calendula.patients.models import Patient
from calendula.timetables.models import TimeOff
from calendula.timetables.timetable import Timetable
from calendula.visit_types.models import VisitType

Kind = Literal["off", "now", "booked", "held", "free"]
_FIRST: tuple[Kind, ...] = ("off", "now", "booked", "held", "free")
_MINUTE = timedelta(minutes=1)
_NOON = time(12)


class Item(NamedTuple):
    """Something at a time of a column."""

    kind: Kind
    start: datetime
    end: datetime
    stretch: Stretch
    appointment: Appointment | None = None
    reason: str | None = None
    """Of time off, if somebody has said it."""


class Column(NamedTuple):
    """A doctor's day."""

    doctor: Doctor
    noon: datetime
    """Of the date, by the doctor's clock."""
    hours: list[Stretch]
    items: list[Item]
    """In time order."""
    dropped: list[Appointment]
    """Those that hold their time no more."""
    holiday: str | None
    why_nothing: Reason | None
    """Why nothing is free, where nothing is."""
    has_come: bool
    """Whether the date is today in the doctor's zone, or before: only then do patients arrive."""

    def next_of(self, appointment: Appointment) -> Action | None:
        """Return what most likely is to be done next to an appointment."""
        return words.NEXT.get(appointment.status) if self.has_come else None

    @property
    def stretches(self) -> list[Stretch]:
        """What the picture must have room for: time off and the present need none of their own."""
        return self.hours + [it.stretch for it in self.items if it.kind not in {"off", "now"}]


class Names(NamedTuple):
    """Who and what the appointments of some columns are about."""

    patients: dict[UUID, Patient]
    visit_types: dict[UUID, str]


def read(session: Session, doctor: Doctor, timetable: Timetable, day: date) -> Column:
    """Return a doctor's column. What has passed is not offered: to note it down takes a reason."""
    (found,) = availability.days_of(session, doctor, timetable, day, day, past=False)
    all_of_day = days.appointments(session, doctor, day)
    items = [
        *_now(doctor, day),
        *(_item("off", off, doctor, day) for off in days.time_off(session, doctor, day)),
        *(_item("booked", it, doctor, day) for it in all_of_day if it.status in HOLDING),
        *(_item("held", it, doctor, day) for it in days.holds(session, doctor, day)),
        *(
            Item("free", it.start, it.end, stretch_of(it.start, it.end, day, doctor.zone))
            for it in found.free
        ),
    ]
    return Column(
        doctor,
        datetime.combine(day, _NOON, doctor.zone),
        hours_on(timetable, day),
        sorted(items, key=lambda it: (it.stretch.start, _FIRST.index(it.kind))),
        [it for it in all_of_day if it.status not in HOLDING],
        timetable.holiday_on(day),
        found.reason,
        day <= clock.now().astimezone(doctor.zone).date(),
    )


def shown(some: Iterable[Column]) -> list[Appointment]:
    """Return the appointments of some columns."""
    return [
        appointment
        for column in some
        for appointment in (*(it.appointment for it in column.items), *column.dropped)
        if appointment is not None and appointment.patient_id is not None
    ]


def names_of(session: Session, appointments: Sequence[Appointment]) -> Names:
    """Return who and what appointments are about, with a query for each."""
    who = patients.by_ids(session, (it.patient_id for it in appointments if it.patient_id))
    kinds = {it.visit_type_id for it in appointments if it.visit_type_id}
    query = select(VisitType.id, VisitType.name).where(VisitType.id.in_(kinds))
    return Names(who, {row.id: row.name for row in session.execute(query)} if kinds else {})


def _item(kind: Kind, about: Appointment | TimeOff, doctor: Doctor, day: date) -> Item:
    stretch = stretch_of(about.starts_at, about.ends_at, day, doctor.zone)
    appointment = about if isinstance(about, Appointment) and kind == "booked" else None
    reason = about.reason if isinstance(about, TimeOff) else None
    return Item(kind, about.starts_at, about.ends_at, stretch, appointment, reason)


def _now(doctor: Doctor, day: date) -> Iterator[Item]:
    """Give the present, if it is on this date of the doctor's."""
    now = clock.now()
    if now.astimezone(doctor.zone).date() == day:
        yield Item("now", now, now, stretch_of(now, now + _MINUTE, day, doctor.zone))

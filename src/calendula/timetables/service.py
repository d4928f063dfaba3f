from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, insert, literal, or_, select
from sqlalchemy.orm import Session

from calendula.database import Id
from calendula.doctors import service as doctors
from calendula.doctors.models import Doctor
from calendula.events import service as events
from calendula.intervals import Interval, Union
from calendula.timetables.models import Clinic, DateOverride, TimeOff, WeeklyHours
from calendula.timetables.policy import Policy
from calendula.timetables.slots import Span
from calendula.timetables.timetable import Timetable
from calendula.timetables.windows import WeeklyWindow, Window

_REACH = 3  # days; a local date with the nights around it lies within them in UTC
_COPIED = (
    WeeklyHours.weekday,
    WeeklyHours.start_minute,
    WeeklyHours.end_minute,
    WeeklyHours.slot_minutes,
    WeeklyHours.valid_from,
    WeeklyHours.valid_until,
    WeeklyHours.every_weeks,
)


def add_doctor(
    session: Session, name: str, *, time_zone: str, actor: str, specialty: str | None = None
) -> Doctor:
    """Add a doctor who works the clinic's default week. Raises NameTaken and NameConfusable.

    An edit of the whole clinic sees the doctor, or the doctor and their bookings see the edit.
    """
    hold_clinic(session)
    doctor = doctors.add(session, name, time_zone=time_zone, specialty=specialty)
    default_week = select(literal(doctor.id, Id), *_COPIED).where(WeeklyHours.doctor_id.is_(None))
    columns = ["doctor_id", *(column.key for column in _COPIED)]
    session.execute(insert(WeeklyHours).from_select(columns, default_week))
    after = {"name": doctor.name, "specialty": doctor.specialty, "time_zone": doctor.time_zone}
    data = {"before": None, "after": after}
    events.record(session, "doctor.added", actor=actor, doctor_id=doctor.id, data=data)
    return doctor


def clinic(session: Session) -> Clinic:
    """Return what holds for the whole clinic, as it is now."""
    return session.scalars(select(Clinic).execution_options(populate_existing=True)).one()


def policy_of(session: Session, doctor: Doctor) -> Policy:
    """Return the limits that hold for a doctor."""
    return Policy.of(clinic(session).policy, doctor.policy)


def hold_clinic(session: Session) -> None:
    """Let what holds for the whole clinic stay as it is until the transaction ends."""
    session.execute(select(Clinic.id).with_for_update(read=True))


def week_of(session: Session, doctor_id: UUID | None) -> list[WeeklyWindow]:
    """Return a doctor's weekly windows, or the default week's, in the order of the week."""
    week = _weeks(session, WeeklyHours.doctor_id == doctor_id)
    return sorted(week.get(doctor_id, []), key=lambda it: (it.weekday, it.window))


def weeks_of(
    session: Session, doctor_ids: Sequence[UUID]
) -> Mapping[UUID | None, Sequence[WeeklyWindow]]:
    """Return the weekly windows of some doctors; one who has none is not there."""
    return _weeks(session, WeeklyHours.doctor_id.in_(doctor_ids))


def replace_week(session: Session, doctor_id: UUID | None, week: Iterable[WeeklyWindow]) -> None:
    """Let a doctor's week, or the default one, be this and nothing else."""
    session.execute(delete(WeeklyHours).where(WeeklyHours.doctor_id == doctor_id))
    rows = [_row(doctor_id, weekly) for weekly in week]
    if rows:
        session.execute(insert(WeeklyHours), rows)


def load(session: Session, doctor: Doctor, first: date, last: date) -> Timetable:
    """Return a doctor's timetable, with its exceptions between two local dates."""
    return load_all(session, [doctor], first, last)[doctor.id]


def load_all(
    session: Session, some: Sequence[Doctor], first: date, last: date
) -> dict[UUID, Timetable]:
    """Return the timetables of some doctors, with as many queries as for one."""
    ids = [doctor.id for doctor in some]
    weeks = _weeks(session, WeeklyHours.doctor_id.in_(ids))
    overrides = _overrides(session, ids, first, last)
    time_off = _time_off(session, ids, first, last)
    common = clinic(session)
    return {
        doctor.id: Timetable(
            zone=ZoneInfo(doctor.time_zone),
            week=weeks.get(doctor.id, []),
            overrides=overrides.get(doctor.id, {}),
            time_off=Union(time_off.get(None, []) + time_off.get(doctor.id, [])),
            holidays=doctor.holidays or common.holidays,
            policy=Policy.of(common.policy, doctor.policy),
            active=doctor.active,
        )
        for doctor in some
    }


def default(session: Session, first: date, last: date, time_zone: str) -> Timetable:
    """Return the timetable that a new doctor would have."""
    common = clinic(session)
    return Timetable(
        zone=ZoneInfo(time_zone),
        week=week_of(session, None),
        time_off=Union(_time_off(session, [], first, last).get(None, [])),
        holidays=common.holidays,
        policy=Policy.of(common.policy),
    )


def time_off_during(
    session: Session, doctor_id: UUID, start: datetime, end: datetime
) -> Sequence[TimeOff]:
    """Return the doctor's and the clinic's time off that shares an instant with a time."""
    return session.scalars(
        select(TimeOff).where(
            or_(TimeOff.doctor_id.is_(None), TimeOff.doctor_id == doctor_id),
            TimeOff.starts_at < end,
            TimeOff.ends_at > start,
        )
    ).all()


def overrides_about(
    session: Session, first: date, last: date, doctor_ids: Sequence[UUID] | None
) -> Sequence[DateOverride]:
    """Return other hours on some dates and those around them, of some doctors or of all (None)."""
    query = select(DateOverride).where(DateOverride.date.between(_before(first), _after(last)))
    if doctor_ids is not None:
        query = query.where(DateOverride.doctor_id.in_(doctor_ids))
    return session.scalars(query).all()


def all_time_off(
    session: Session, time: Interval, doctor_ids: Sequence[UUID] | None
) -> Sequence[TimeOff]:
    """Return the time off that shares an instant with a time: the clinic's, and of some doctors.

    None is all of them.
    """
    query = select(TimeOff).where(TimeOff.starts_at < time.end, TimeOff.ends_at > time.start)
    if doctor_ids is not None:
        query = query.where(or_(TimeOff.doctor_id.is_(None), TimeOff.doctor_id.in_(doctor_ids)))
    return session.scalars(query).all()


def reach(first: date, last: date) -> Span:
    """Return a time that holds these dates in any zone, with the nights that reach into them.

    It ends where the calendar does.
    """
    return Span(
        datetime.combine(_before(first), time.min, UTC),
        datetime.combine(_after(last), time.max, UTC),
    )


def _row(doctor_id: UUID | None, weekly: WeeklyWindow) -> dict[str, Any]:
    row = {"doctor_id": doctor_id, **weekly.window._asdict(), **weekly._asdict()}
    return {name: value for name, value in row.items() if name != "window"}


def _weeks(session: Session, whose: ColumnElement[bool]) -> dict[UUID | None, list[WeeklyWindow]]:
    weeks: dict[UUID | None, list[WeeklyWindow]] = {}
    query = select(WeeklyHours.doctor_id, *_COPIED).where(whose)
    for doctor_id, day, start, end, minutes, first, last, every in session.execute(query):
        window = WeeklyWindow(day, Window(start, end, minutes), first, last, every)
        weeks.setdefault(doctor_id, []).append(window)
    return weeks


def _overrides(
    session: Session, ids: Sequence[UUID], first: date, last: date
) -> dict[UUID, dict[date, list[Window]]]:
    found: dict[UUID, dict[date, list[Window]]] = {}
    query = select(DateOverride.doctor_id, DateOverride.date, DateOverride.windows).where(
        DateOverride.doctor_id.in_(ids), DateOverride.date.between(_before(first), _after(last))
    )
    for doctor_id, day, windows in session.execute(query):
        found.setdefault(doctor_id, {})[day] = [Window(*window) for window in windows]
    return found


def _time_off(
    session: Session, ids: Sequence[UUID], first: date, last: date
) -> dict[UUID | None, list[Span]]:
    found: dict[UUID | None, list[Span]] = {}
    about = reach(first, last)
    query = select(TimeOff.doctor_id, TimeOff.starts_at, TimeOff.ends_at).where(
        or_(TimeOff.doctor_id.is_(None), TimeOff.doctor_id.in_(ids)),
        TimeOff.ends_at > about.start,
        TimeOff.starts_at < about.end,
    )
    for doctor_id, start, end in session.execute(query):
        found.setdefault(doctor_id, []).append(Span(start, end))
    return found


def _before(day: date) -> date:
    return date.fromordinal(max(day.toordinal() - _REACH, 1))


def _after(day: date) -> date:
    return date.fromordinal(min(day.toordinal() + _REACH, date.max.toordinal()))

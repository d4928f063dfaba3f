from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, exists, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calendula import clock, names
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, Invalid, NotFound
from calendula.timetables.timetable import Visit
from calendula.visit_types.models import VisitType, VisitTypeDoctor


class UnknownVisitType(NotFound):
    """There is no such kind of visit, or the doctor does not offer it, or not to everybody."""

    code = "unknown-visit-type"


class VisitTypeInUse(Conflict):
    """There are appointments of this kind."""

    code = "visit-type-in-use"


class VisitTypeNameTaken(Conflict):
    """Another kind of visit has this name."""

    code = "visit-type-name-taken"


_NAMED = select(VisitTypeDoctor.doctor_id).where(VisitTypeDoctor.visit_type_id == VisitType.id)


def visible(*, staff: bool, doctor_id: UUID | None = None) -> Select[VisitType]:
    """Return the query for the kinds of visit that the public, or the staff, may see.

    With a doctor, only those that the doctor offers: a kind for which nobody is named, all do.
    """
    query = select(VisitType)
    if not staff:
        query = query.where(VisitType.public)
    if doctor_id is not None:
        theirs = exists(_NAMED.where(VisitTypeDoctor.doctor_id == doctor_id))
        query = query.where(or_(~exists(_NAMED), theirs))
    return query


def get(
    session: Session, visit_type_id: UUID, *, staff: bool, doctor_id: UUID | None = None
) -> VisitType:
    """Return a kind of visit that `visible` shows; raise UnknownVisitType where it shows none."""
    query = visible(staff=staff, doctor_id=doctor_id).where(VisitType.id == visit_type_id)
    found = session.scalar(query)
    if found is None:
        raise UnknownVisitType("There is no such visit type.")
    return found


def get_for_edit(session: Session, visit_type_id: UUID) -> VisitType:
    """Return a kind of visit, locked to be edited; raise UnknownVisitType where there is none."""
    found = session.scalar(select(VisitType).where(VisitType.id == visit_type_id).with_for_update())
    if found is None:
        raise UnknownVisitType("There is no such visit type.")
    return found


def needs(visit_type: VisitType) -> Visit:
    """Return what a kind of visit needs of a timetable."""
    windows = visit_type.windows
    return Visit(
        visit_type.duration_minutes,
        visit_type.buffer_before_minutes,
        visit_type.buffer_after_minutes,
        None if windows is None else [(day, start, end) for day, start, end in windows],
    )


def doctors_of(
    session: Session, some: Sequence[VisitType], *, staff: bool
) -> dict[UUID, list[UUID]]:
    """Return the doctors who are named for kinds of visit; one that has none is not there.

    Who sees no patients any more is named to the staff alone.
    """
    named: dict[UUID, list[UUID]] = {}
    query = (
        select(VisitTypeDoctor, Doctor.active)
        .join(Doctor)
        .where(VisitTypeDoctor.visit_type_id.in_([visit_type.id for visit_type in some]))
    )
    for row, active in session.execute(query.order_by(VisitTypeDoctor.doctor_id)):
        theirs = named.setdefault(row.visit_type_id, [])
        if staff or active:
            theirs.append(row.doctor_id)
    return named


def save(
    session: Session,
    visit_type: VisitType | None,
    values: Mapping[str, Any],
    doctor_ids: Sequence[UUID] | None,
) -> VisitType:
    """Make a kind of visit, or let one be this and nothing else; return it.

    `values` has its columns but for the keys. `doctor_ids` are who offers it; None is everybody.
    Raises VisitTypeNameTaken, and Invalid where a doctor is not known.
    """
    columns = {**values, "name_key": names.key(values["name"])}
    if visit_type is None:
        visit_type = VisitType(id=new_id(), created_at=clock.now(), **columns)
        session.add(visit_type)
    else:
        for name, value in columns.items():
            setattr(visit_type, name, value)
        visit_type.version += 1
    try:
        session.flush()
    except IntegrityError as error:
        raise VisitTypeNameTaken("Another visit type has this name.") from error
    _name_doctors(session, visit_type.id, doctor_ids or [])
    return visit_type


def remove(session: Session, visit_type: VisitType) -> None:
    """Let there be no such kind of visit any more; raise VisitTypeInUse where one was booked."""
    try:
        with session.begin_nested():
            session.execute(delete(VisitType).where(VisitType.id == visit_type.id))
    except IntegrityError as error:
        raise VisitTypeInUse(
            "Appointments are of this visit type. To offer it no more, make it not public."
        ) from error


def _name_doctors(session: Session, visit_type_id: UUID, doctor_ids: Sequence[UUID]) -> None:
    this = VisitTypeDoctor.visit_type_id == visit_type_id
    session.execute(delete(VisitTypeDoctor).where(this))
    known = select(Doctor.id).where(Doctor.id.in_(doctor_ids))
    if len(session.scalars(known).all()) < len(set(doctor_ids)):
        raise Invalid("doctor_ids must be doctors of this clinic.")
    if doctor_ids:
        rows = [{"visit_type_id": visit_type_id, "doctor_id": it} for it in set(doctor_ids)]
        session.execute(insert(VisitTypeDoctor), rows)

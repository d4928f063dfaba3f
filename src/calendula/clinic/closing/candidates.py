"""Who may see the patients of a closed date instead, and what is free with them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula.availability import service as availability
from calendula.clinic.closing.proposals import Look, Proposal
from calendula.clinic.closing.schemas import To
from calendula.doctors.models import Doctor
from calendula.errors import Invalid
from calendula.timetables.slots import Span
from calendula.timetables.timetable import Visit
from calendula.visit_types import service as visit_types
from calendula.visit_types.models import VisitType


def choose(session: Session, doctor: Doctor, to: To) -> list[Doctor]:
    """Return a doctor, and after them those who may step in, by name.

    Raises Invalid where those of the same specialty are asked for, and the doctor has none.
    """
    if to is To.DOCTOR:
        return [doctor]
    if doctor.specialty_key is None:
        raise Invalid("to must be doctor: this one has no specialty.")
    query = select(Doctor).where(
        Doctor.active, Doctor.specialty_key == doctor.specialty_key, Doctor.id != doctor.id
    )
    return [doctor, *session.scalars(query.order_by(Doctor.name_key))]


def look(
    session: Session, candidates: Sequence[Doctor], visit_type_ids: Iterable[UUID | None]
) -> Look:
    """Return how to look for what is free with these doctors, for these kinds of visit alone.

    Of slots that begin together, those of the doctor who comes first come first.
    """
    ids = {it for it in visit_type_ids if it is not None}
    kinds = session.scalars(select(VisitType).where(VisitType.id.in_(ids))).all()
    needs = {kind.id: visit_types.needs(kind) for kind in kinds}
    named = visit_types.doctors_of(session, kinds, staff=True)

    def free(visit_type_id: UUID | None, time: Span) -> Sequence[Proposal]:
        visit = needs[visit_type_id] if visit_type_id else None
        theirs = named.get(visit_type_id) if visit_type_id else None
        found = (
            proposal
            for doctor in candidates
            if theirs is None or doctor.id in theirs
            for proposal in _free(session, doctor, visit, time)
        )
        return sorted(found, key=lambda it: it.slot.start)

    return free


def _free(session: Session, doctor: Doctor, visit: Visit | None, time: Span) -> Iterable[Proposal]:
    first, last = (it.astimezone(doctor.zone).date() for it in (time.start, time.end))
    days = availability.days(session, doctor, first, last, past=False, visit=visit)
    return (
        Proposal(doctor, slot, visit)
        for day in days
        for slot in day.free
        if time.start <= slot.start < time.end
    )

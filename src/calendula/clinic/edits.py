"""How a timetable is edited: locked against bookings, and with its effect on appointments.

An edit raises the version first, which locks the doctor's row: it waits for the bookings that are
under way and sees them, and a booking that comes later sees the version, and so the edit.
"""

from collections.abc import Sequence
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.orm import Session

from calendula.appointments import orphans
from calendula.appointments.orphans import Effects
from calendula.database import JsonObject
from calendula.doctors.models import Doctor
from calendula.doctors.service import UnknownDoctor
from calendula.events import service as events
from calendula.http import etags
from calendula.http.etags import Precondition
from calendula.timetables.models import Clinic
from calendula.timetables.slots import Span


def begin(session: Session, doctor_id: UUID, precondition: Precondition) -> Doctor:
    """Lock a doctor for an edit; raise UnknownDoctor, or Stale where it was edited meanwhile."""
    raised = (
        update(Doctor)
        .where(Doctor.id == doctor_id)
        .values(timetable_version=Doctor.timetable_version + 1)
        .returning(Doctor)
    )
    doctor = session.scalar(raised, execution_options={"populate_existing": True})
    if doctor is None:
        raise UnknownDoctor("No doctor of that id works here.")
    precondition.check(doctor.timetable_version - 1)
    return doctor


def begin_for_clinic(session: Session, precondition: Precondition) -> Clinic:
    """Lock what holds for the clinic for an edit; raise Stale where it was edited meanwhile."""
    raised = update(Clinic).values(version=Clinic.version + 1).returning(Clinic)
    clinic = session.scalars(raised, execution_options={"populate_existing": True}).one()
    precondition.check(clinic.version - 1)
    return clinic


def begin_for_all(session: Session) -> Sequence[Doctor]:
    """Lock all doctors for an edit that is about each of them.

    Lock the clinic before, so that two such edits do not meet half-way.
    """
    raised = update(Doctor).values(timetable_version=Doctor.timetable_version + 1).returning(Doctor)
    return session.scalars(raised, execution_options={"populate_existing": True}).all()


def end(
    session: Session,
    whose: Doctor | Sequence[Doctor],
    what: str,
    *,
    actor: str,
    before: BaseModel | None,
    after: BaseModel | None,
    within: Span | None = None,
) -> Effects:
    """Mark the appointments that the edit has orphaned or restored, and log what was edited.

    `whose` is the doctor whose timetable was edited, or all of them where the clinic's was.
    `before` and `after` are what was edited, as it goes over the wire: the log keeps both, so they
    must say nothing about people. None is what was not there.

    `within` is the time that the edit is about, where it is about one. Call it after the change.
    """
    session.flush()
    some = [whose] if isinstance(whose, Doctor) else whose
    effects = orphans.mark(session, some, actor=actor, within=within)
    events.record(
        session,
        "timetable.edited",
        actor=actor,
        doctor_id=id_of(whose),
        data={
            "what": what,
            **change(before, after),
            "orphaned": len(effects.orphaned),
            "restored": len(effects.restored),
        },
    )
    return effects


def change(before: BaseModel | None, after: BaseModel | None) -> JsonObject:
    """Return what the log keeps of an edit; None is what was not there."""
    return {"before": _dumped(before), "after": _dumped(after)}


def _dumped(said: BaseModel | None) -> JsonObject | None:
    return None if said is None else said.model_dump(mode="json")


def id_of(whose: Doctor | Sequence[Doctor]) -> UUID | None:
    """Return the id of a doctor, and None where all of them are meant."""
    return whose.id if isinstance(whose, Doctor) else None


def show_version(response: Response, version: int, *, dry_run: bool) -> None:
    """Let the answer to an edit say which version it made, if it made one."""
    if not dry_run:
        etags.show(response, version)

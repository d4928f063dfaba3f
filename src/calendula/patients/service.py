from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.database import batches, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.patients.models import Patient


def identify(session: Session, identifier: str, name: str) -> UUID:
    """Return the id of the patient of this identifier and name, who is new where there was none."""
    known = select(Patient.id).where(Patient.identifier == identifier, Patient.name == name)
    new = (
        insert_unless_conflict(session, Patient)
        .values(id=new_id(), identifier=identifier, name=name, created_at=clock.now())
        .returning(Patient.id)
    )
    return session.scalar(known) or session.scalar(new) or session.scalars(known).one()


def by_ids(session: Session, ids: Iterable[UUID]) -> dict[UUID, Patient]:
    """Return the patients of some ids."""
    found = session.scalars(select(Patient).where(Patient.id.in_(set(ids))))
    return {patient.id: patient for patient in found}


def identify_all(
    session: Session, people: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """Return the ids of many patients by identifier and name; who is not known is new."""
    found: dict[tuple[str, str], UUID] = {}
    for batch in batches(sorted(set(people))):  # in one order, so that two of these cannot deadlock
        known = _known(session, batch)
        new = [person for person in batch if person not in known]
        if new:
            _add(session, new)
            known = _known(session, batch)
        found |= known
    return found


def lock(session: Session, patient_id: UUID) -> None:
    """Let one transaction at a time go on with this patient, from here to its end."""
    session.execute(
        select(Patient.id).where(Patient.id == patient_id).with_for_update(key_share=True)
    )


def _known(session: Session, people: Sequence[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    identifiers = {identifier for identifier, _ in people}
    query = select(Patient.identifier, Patient.name, Patient.id).where(
        Patient.identifier.in_(identifiers)
    )
    wanted = set(people)
    return {
        (identifier, name): patient_id
        for identifier, name, patient_id in session.execute(query)
        if identifier and name and (identifier, name) in wanted
    }


def _add(session: Session, people: Sequence[tuple[str, str]]) -> None:
    now = clock.now()
    rows = [
        {"id": new_id(), "identifier": identifier, "name": name, "created_at": now}
        for identifier, name in people
    ]
    session.execute(insert_unless_conflict(session, Patient), rows)

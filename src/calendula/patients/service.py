from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.database import insert_unless_conflict
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


def known(session: Session, ids: Iterable[UUID]) -> dict[UUID, Patient]:
    """Return the patients of some ids."""
    found = session.scalars(select(Patient).where(Patient.id.in_(set(ids))))
    return {patient.id: patient for patient in found}


def lock(session: Session, patient_id: UUID) -> None:
    """Let one transaction at a time go on with this patient, from here to its end."""
    session.execute(
        select(Patient.id).where(Patient.id == patient_id).with_for_update(key_share=True)
    )

from collections.abc import Sequence

from rapidfuzz import process
from sqlalchemy import select
from sqlalchemy.orm import Session

from calendula import clock, names
from calendula.database import insert_unless_conflict
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import NotFound


class UnknownDoctor(NotFound):
    """No doctor of the clinic has this name."""

    code = "unknown-doctor"


def find(session: Session, name: str) -> Doctor | None:
    """Return the doctor of this name, whatever its case and spacing, or None."""
    return session.scalar(select(Doctor).where(Doctor.name_key == names.key(name)))


def get(session: Session, name: str) -> Doctor:
    """Return the doctor of this name; raise UnknownDoctor with the nearest known names."""
    doctor = find(session, name)
    if doctor is None:
        raise UnknownDoctor(
            "No doctor of that name works here.", nearest_doctors=_nearest(session, name)
        )
    return doctor


def add(
    session: Session, name: str, *, time_zone: str, specialty: str | None = None
) -> Doctor | None:
    """Add a doctor without hours; return None where the name is taken already."""
    return session.scalar(
        insert_unless_conflict(session, Doctor)
        .values(
            id=new_id(),
            name=name,
            name_key=names.key(name),
            specialty=specialty,
            time_zone=time_zone,
            created_at=clock.now(),
        )
        .returning(Doctor)
    )


def everyone(session: Session) -> Sequence[Doctor]:
    """Return all doctors by name."""
    return session.scalars(select(Doctor).order_by(Doctor.name_key)).all()


def _nearest(session: Session, name: str) -> list[str]:
    known = {
        row.name_key: row.name for row in session.execute(select(Doctor.name_key, Doctor.name))
    }
    near = process.extract(names.key(name), known.keys(), limit=3, score_cutoff=70)
    return [known[name_key] for name_key, *_ in near]

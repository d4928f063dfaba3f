from typing import Any

from sqlalchemy import select

from calendula.access import service
from calendula.access.roles import DOCTOR, Role
from calendula.access.service import Made
from calendula.database import Database
from calendula.doctors.models import Doctor


def make_key(database: Database, role: Role, **other: Any) -> Made:
    """Make a key; one of the role doctor is Dr. Mei Chen's unless told otherwise."""
    with database.write() as session:
        if role is DOCTOR and "doctor_id" not in other:
            mei = select(Doctor.id).where(Doctor.name == "Dr. Mei Chen")
            other["doctor_id"] = session.scalars(mei).one()
        return service.create(session, "a key", role, actor="command", **other)


def bearer(text: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {text}"}


def key(database: Database, role: Role) -> dict[str, str]:
    """Return the header of a new key."""
    return bearer(make_key(database, role).text)

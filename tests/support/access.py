import secrets
from typing import Any

from sqlalchemy import select

from calendula import clock
from calendula.access import keys, service, sessions
from calendula.access.models import ApiKey, DeskSession
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


def make_session(database: Database, key: ApiKey) -> str:
    """Sign a key in at the desk and return the session's text; one that is not let in too."""
    text, now = "ses_" + secrets.token_urlsafe(32), clock.now()
    row = DeskSession(digest=keys.digest(text), key_id=key.id, created_at=now, last_seen_at=now)
    with database.write() as session:
        session.add(row)
    return text


def cookie(text: str) -> dict[str, str]:
    """Return the headers that a page at the desk sends."""
    return {"Cookie": f"{sessions.COOKIE}={text}", "X-CSRF-Token": sessions.csrf_of(text)}


def bearer(text: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {text}"}


def key(database: Database, role: Role) -> dict[str, str]:
    """Return the header of a new key."""
    return bearer(make_key(database, role).text)

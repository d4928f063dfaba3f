"""How much of the disk an appointment takes, with its events, its patient and its token."""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from calendula.appointments.models import Appointment
from support import load

_POSTGRESQL = """
    SELECT sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_SQLITE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"


def of_an_appointment(url: str) -> float:
    """Return the bytes of all tables and indexes, by appointment: of a database with many."""
    with load.database_of(url) as database, database.read() as session:
        size = _size(session, embedded=database.embedded)
        return size / (session.scalar(select(func.count()).select_from(Appointment)) or 1)


def _size(session: Session, *, embedded: bool) -> float:
    return float(session.scalar(text(_SQLITE if embedded else _POSTGRESQL)) or 0)

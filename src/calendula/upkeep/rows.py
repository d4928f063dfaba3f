"""Rows that the rules would not let in today: who has written past them, or before they were."""

from collections.abc import Iterator

from sqlalchemy import ForeignKey, alias, exists, func, select
from sqlalchemy.orm import Session

from calendula.appointments.models import Appointment
from calendula.appointments.status import HOLDING
from calendula.database import Base


def strays(session: Session) -> Iterator[str]:
    """Yield how many rows of each table refer to what is not there, and how many overlap."""
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda it: it.parent.name):
            if count := _dangling(session, key):
                yield f"{count} in {table.name} whose {key.parent.name} is nowhere"
    if count := _overlapping(session):
        yield f"{count} in appointment that overlap another"


def _dangling(session: Session, key: ForeignKey) -> int:
    there = alias(key.column.table)  # a patient may refer to a patient
    found = exists().where(there.c[key.column.name] == key.parent)
    query = select(func.count()).where(key.parent.is_not(None), ~found)
    return session.scalars(query.select_from(key.parent.table)).one()


def _overlapping(session: Session) -> int:
    """Count those that begin before one of the same doctor that began earlier has ended."""
    earlier = func.max(Appointment.occupied_until).over(
        partition_by=Appointment.doctor_id,
        order_by=(Appointment.occupied_from, Appointment.id),
        rows=(None, -1),
    )
    holding = Appointment.status.in_(HOLDING)
    query = select(Appointment.occupied_from, earlier.label("busy")).where(holding).subquery()
    count = select(func.count()).where(query.c.occupied_from < query.c.busy)
    return session.scalars(count.select_from(query)).one()

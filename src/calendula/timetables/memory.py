"""Timetables that were read before, by the version that an edit of any kind raises."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from calendula.doctors.models import Doctor
from calendula.timetables import service as timetables
from calendula.timetables.timetable import Timetable


class Known(NamedTuple):
    """A doctor as they were at a version, and all that was said of their time."""

    doctor: Doctor
    timetable: Timetable
    doctor_id: UUID
    name_key: str
    version: int
    """The doctor's `timetable_version`: what is known is true for as long as it is the same."""


class Memory:
    """The timetables of a worker. Threads may share it.

    Whoever uses what it knows must see, in the statement that matters, that the version is still
    the same, and else let it be learned anew.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_id: dict[UUID, Known] = {}
        self._ids: dict[str, UUID] = {}  # by the key of the name

    def of(self, whom: UUID | str) -> Known | None:
        """Return what is known of a doctor, by id or by the key of their name."""
        doctor_id = self._ids.get(whom) if isinstance(whom, str) else whom
        known = self._by_id.get(doctor_id) if doctor_id else None
        renamed = known and isinstance(whom, str) and known.name_key != whom
        return None if renamed else known

    def learn(
        self, session: Session, some: Iterable[UUID | str], *, anew: bool = False
    ) -> dict[UUID | str, Known]:
        """Read of these doctors those that are not known, `anew` all of them; return all there are.

        What is returned is whole, also where the memory had no room for it. The doctor is read
        before the timetable: where an edit comes in between, the version is the old one, and
        whoever uses it will see that.
        """
        some = set(some)
        known = {whom: it for whom in some if not anew and (it := self.of(whom))}
        missing = some - known.keys()
        if not missing:
            return known
        names = [whom for whom in missing if isinstance(whom, str)]
        ids = [whom for whom in missing if not isinstance(whom, str)]
        which = or_(Doctor.name_key.in_(names), Doctor.id.in_(ids))
        query = select(Doctor).where(which).execution_options(populate_existing=True)
        found = session.scalars(query).all()
        read = timetables.load_all(session, found, date.min, date.max)
        if len(self._by_id) + len(found) > self._most:  # the plainest bound: those in use come back
            self._by_id, self._ids = {}, {}
        for doctor in found:
            session.expunge(doctor)
            said = doctor.id, doctor.name_key, doctor.timetable_version
            learned = self._by_id[doctor.id] = Known(doctor, read[doctor.id], *said)
            self._ids[doctor.name_key] = doctor.id
            known |= dict.fromkeys(missing & {doctor.id, doctor.name_key}, learned)
        return known

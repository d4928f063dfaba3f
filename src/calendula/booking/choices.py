"""What somebody chose, as it is written in the bodies of bookings and holds."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from calendula.access.roles import Caller
from calendula.appointments.offers import SlotRefused
from calendula.availability import service as availability
from calendula.availability.schemas import DatedSlot
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.errors import Forbidden, NotFound
from calendula.timetables.timetable import Visit
from calendula.visit_types import service as visit_types

_OTHERS = 3  # free slots that are offered instead


def visit(
    session: Session, visit_type_id: UUID | None, doctor_id: UUID, *, staff: bool
) -> Visit | None:
    """Return what a kind of visit needs; raise UnknownVisitType where the doctor has none such."""
    if visit_type_id is None:
        return None
    found = visit_types.get(session, visit_type_id, staff=staff, doctor_id=doctor_id)
    return visit_types.needs(found)


def may_override(caller: Caller, doctor_id: UUID) -> None:
    """Raise Forbidden where somebody may not book outside a doctor's hours and policy."""
    if not caller.is_staff or caller.doctor_id not in {None, doctor_id}:
        raise Forbidden("Only the staff may override, and a doctor only for themselves.")


@contextmanager
def others_offered(
    database: Database, doctor_id: UUID, visit_type_id: UUID | None, start: datetime
) -> Iterator[None]:
    """Let a refusal of a slot name the next free ones of the doctor, from the one wanted on."""
    try:
        yield
    except SlotRefused as refusal:
        with suppress(NotFound), database.read() as session:
            doctor = doctors.by_id(session, doctor_id, inactive=True)
            needs = visit(session, visit_type_id, doctor_id, staff=True)
            free = availability.next_free(session, doctor, _OTHERS, needs, start=start)
            slots = [DatedSlot.dated(slot, doctor.zone) for slot in free]
            refusal.members["next_slots"] = [slot.model_dump(mode="json") for slot in slots]
        raise

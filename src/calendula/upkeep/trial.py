"""What the database must refuse, tried on rows that nobody else ever sees."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, delete, insert, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from calendula.appointments.models import Appointment
from calendula.appointments.status import Status
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.patients.models import Patient

_TEN = datetime(2000, 1, 1, 10, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_NO_NUMBER = -1  # of an event: it takes none that another could have had


def permitted(session: Session) -> list[str]:
    """Return what the database lets somebody do that it must refuse.

    Call it in a dry run: it makes a doctor with two appointments, and an event, as it needs them.
    """
    doctor_id, patient_id, rival = new_id(), new_id(), new_id()
    doctor = {"id": doctor_id, "name": "-", "name_key": str(doctor_id), "time_zone": "UTC"}
    session.execute(insert(Doctor).values(**doctor, created_at=_TEN))
    patient = {"id": patient_id, "identifier": str(patient_id), "name": "-"}
    session.execute(insert(Patient).values(**patient, created_at=_TEN))
    session.execute(_booking(doctor_id, patient_id, "ten", _TEN))
    session.execute(_booking(doctor_id, patient_id, "noon", _TEN + 2 * _HOUR, id=rival))
    session.execute(_event())
    tries = _tries(doctor_id, patient_id, rival)
    return [what for what, statement in tries if _passes(session, statement)]


def _tries(doctor_id: UUID, patient_id: UUID, rival: UUID) -> Iterator[tuple[str, Executable]]:
    yield (
        "a second appointment in one slot",
        _booking(doctor_id, patient_id, "ten", _TEN + 4 * _HOUR),
    )
    yield (
        "two appointments that overlap",
        _booking(doctor_id, patient_id, "another", _TEN + _HOUR / 2),
    )
    overlap = {"occupied_from": _TEN, "starts_at": _TEN}
    yield "a move over another", update(Appointment).where(Appointment.id == rival).values(overlap)
    yield "an appointment of nobody", _booking(new_id(), patient_id, "ten", _TEN)
    one = Event.number == _NO_NUMBER
    yield "a change of an event", update(Event).where(one).values(actor="somebody")
    yield "the removal of an event", delete(Event).where(one)


def _booking(doctor_id: UUID, patient_id: UUID, slot: str, start: datetime, **more: Any) -> Any:
    end = start + _HOUR
    times = {"starts_at": start, "occupied_from": start, "ends_at": end, "occupied_until": end}
    whose = {"id": new_id(), "doctor_id": doctor_id, "patient_id": patient_id}
    when = {"date": start.date(), "slot": slot, "created_at": start, "updated_at": start}
    status = {"status": Status.BOOKED.value}
    return insert(Appointment).values({**whose, **when, **times, **status, **more})


def _event() -> Executable:
    what: dict[str, Any] = {"at": _TEN, "action": "check", "actor": "system", "data": {}}
    place = {"number": _NO_NUMBER, "chain": new_id(), "link": 1, "hash": bytes(32)}
    return insert(Event).values({**what, **place})


def _passes(session: Session, statement: Executable) -> bool:
    savepoint = session.begin_nested()
    try:
        session.execute(statement)
    except OperationalError:  # it does not refuse, but does not answer
        raise
    except DBAPIError:
        return False
    finally:
        savepoint.rollback()
    return True

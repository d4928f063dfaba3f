from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.database import JsonObject
from calendula.events.models import Event


def record(
    session: Session,
    action: str,
    *,
    actor: str,
    doctor_id: UUID | None = None,
    appointment_id: UUID | None = None,
    patient_id: UUID | None = None,
    data: JsonObject | None = None,
) -> None:
    """Write an event in the transaction of the change that it tells of.

    `actor` is who did it: `public` (somebody without a key), `key:` and the id of a key, `command`
    (the command line) or `system`. `data` must hold no name of a patient, and no secret.
    """
    session.execute(
        insert(Event).values(
            at=clock.now(),
            action=action,
            actor=actor,
            doctor_id=doctor_id,
            appointment_id=appointment_id,
            data=data or {},
        )
    )


def record_each(
    session: Session,
    action: str,
    *,
    actor: str,
    appointments: Iterable[tuple[UUID, UUID]],
    data: Mapping[UUID, JsonObject] | None = None,
) -> None:
    """Write an event for each appointment, given as the ids of its doctor and its own.

    `data` is what there is to say of some of them, by their own ids, as in `record`.
    """
    now = clock.now()
    sayings = data or {}
    rows = [
        {
            "at": now,
            "action": action,
            "actor": actor,
            "doctor_id": doctor_id,
            "appointment_id": appointment_id,
            "data": sayings.get(appointment_id, {}),
        }
        for doctor_id, appointment_id in appointments
    ]
    if rows:
        session.execute(insert(Event), rows)


def happened(session: Session, action: str) -> bool:
    """Tell whether the log holds an event of this action."""
    return bool(session.scalar(select(exists().where(Event.action == action))))

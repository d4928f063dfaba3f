from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from calendula import clock
from calendula.database import JsonObject
from calendula.events import journal
from calendula.events.chain import Entry
from calendula.events.models import Event


class About(NamedTuple):
    """The appointment that an event is about, with its doctor and patient."""

    doctor_id: UUID
    appointment_id: UUID
    patient_id: UUID | None


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
    """Tell of a change in the transaction of the change, which writes the event where it ends.

    `actor` is who did it: `public` (somebody without a key), `key:` and the id of a key, `token:`
    and the id of the appointment or hold that it opens, `command` (the command line) or `system`.
    `data` is a JSON object, with what was edited as `before` and `after`. It must hold no name of a
    patient, and no secret.
    """
    entry = Entry(clock.now(), action, actor, doctor_id, appointment_id, patient_id, data or {})
    journal.keep(session, [entry])


def record_each(
    session: Session,
    action: str,
    *,
    actor: str,
    about: Iterable[About],
    data: Mapping[UUID, JsonObject] | None = None,
) -> None:
    """Tell of a change of each appointment.

    `data` is what there is to say of some of them, by their own ids, as in `record`.
    """
    now = clock.now()
    sayings = data or {}
    journal.keep(
        session,
        [Entry(now, action, actor, *it, sayings.get(it.appointment_id, {})) for it in about],
    )


def write(session: Session) -> None:
    """Write what was told so far, where somebody must know before the commit that it is written.

    It locks the ends of chains, which the end of the transaction does best: call it right before.
    """
    journal.write(session)


def happened(session: Session, action: str) -> bool:
    """Tell whether the log holds an event of this action, or will when the transaction ends."""
    if any(entry.action == action for entry in journal.kept(session)):
        return True
    return bool(session.scalar(select(exists().where(Event.action == action))))

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from calendula import clock, names
from calendula.database import batches, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.errors import Unavailable
from calendula.patients.models import Patient

Person = tuple[str, str]
"""An identifier and a name."""

_TRIES = 3


def identify(
    session: Session,
    identifier: str | None,
    name: str,
    *,
    email: str | None = None,
    phone: str | None = None,
) -> UUID:
    """Return the id of a patient, who is new where nobody like that is known.

    With an identifier, it is who has it and the name. Without, it is who has none either and has
    this very name, e-mail address and telephone number, one of which there must be: two people may
    share a name. Who was merged leads to whom they were merged into. The contact of somebody known
    stays as it is: whoever books does not rewrite what is stored about another.

    The patient's row is locked (FOR KEY SHARE) where it is read, until the booking commits: those
    who book do not wait for each other, but a merge and an erasure, which lock it FOR UPDATE, wait
    for them and see the booking, and a booking waits for a merge or an erasure and sees it. Raises
    Unavailable where such changes come in between again and again.
    """
    person = {"identifier": identifier, "name": name}
    contact = {"email": email, "phone": phone}
    if identifier is None:
        person |= contact
    new = insert_unless_conflict(session, Patient).returning(Patient.id)
    for _ in range(_TRIES):
        found = session.scalars(_locked(person)).first() if _tells(person) else None
        found = found or session.scalar(new.values(_row(identifier, name) | contact))
        if found is not None:
            return found
    raise _changing()


def by_ids(session: Session, ids: Iterable[UUID]) -> dict[UUID, Patient]:
    """Return the patients of some ids."""
    found = session.scalars(select(Patient).where(Patient.id.in_(set(ids))))
    return {patient.id: patient for patient in found}


def identify_all(session: Session, people: Collection[Person]) -> dict[Person, UUID]:
    """Return the ids of many patients by identifier and name; who is not known is new.

    They are found and locked as by `identify`, in the order of their ids, so that two who lock
    several wait for each other and do not deadlock.
    """
    wanted = sorted(set(people))  # in one order, for those who are new
    for _ in range(_TRIES):
        found: dict[Person, UUID] = {}
        for batch in batches(wanted):
            _add(session, [person for person in batch if person not in _known(session, batch)])
            found |= _known(session, batch)
        if len(found) == len(wanted) and _lock_all(session, found.values()):
            return found
    raise _changing()


def lock(session: Session, patient_id: UUID) -> None:
    """Let one transaction at a time go on with this patient, from here to its end."""
    session.execute(
        select(Patient.id).where(Patient.id == patient_id).with_for_update(key_share=True)
    )


def _tells(person: dict[str, str | None]) -> bool:
    """Tell whether more is known of a person than the name."""
    return any(value is not None for name, value in person.items() if name != "name")


def _locked(person: dict[str, str | None]) -> Select[UUID]:
    """Return the query that finds and locks whom a person's row leads to.

    A row that was merged or erased while the query waited for it is left out (PostgreSQL looks at
    its conditions again), and those that lead elsewhere are not locked: so nobody who holds one of
    those can be waiting for this.
    """
    known = aliased(Patient)
    who = select(func.coalesce(known.merged_into, known.id)).where(
        *(getattr(known, column) == value for column, value in person.items())
    )
    return _locking().where(Patient.id.in_(who))


def _locking() -> Select[UUID]:
    query = select(Patient.id).where(Patient.merged_into.is_(None), Patient.name.is_not(None))
    return query.order_by(Patient.id).with_for_update(read=True, key_share=True, of=Patient)


def _lock_all(session: Session, ids: Iterable[UUID]) -> bool:
    """Lock patients; tell whether all of them are still there, neither merged nor erased."""
    wanted = sorted(set(ids))
    found = [
        patient_id
        for batch in batches(wanted)
        for patient_id in session.scalars(_locking().where(Patient.id.in_(batch)))
    ]
    return len(found) == len(wanted)


def _known(session: Session, people: Sequence[Person]) -> dict[Person, UUID]:
    identifiers = {identifier for identifier, _ in people}
    who = func.coalesce(Patient.merged_into, Patient.id)
    query = select(Patient.identifier, Patient.name, who).where(Patient.identifier.in_(identifiers))
    wanted = set(people)
    return {
        (identifier, name): patient_id
        for identifier, name, patient_id in session.execute(query)
        if identifier and name and (identifier, name) in wanted
    }


def _add(session: Session, people: Sequence[Person]) -> None:
    if people:
        rows = [_row(*person) for person in people]
        session.execute(insert_unless_conflict(session, Patient), rows)


def _row(identifier: str | None, name: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "identifier": identifier,
        "name": name,
        "search_key": names.plain(name),
        "created_at": clock.now(),
    }


def _changing() -> Unavailable:
    return Unavailable("The patient is being changed. Try again in a moment.")

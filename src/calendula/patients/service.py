from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, Insert, Select, String, and_, delete, func, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningInsert

from calendula import clock, names
from calendula.database import Id, Instant, batches, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.database.rows import Rows
from calendula.errors import Unavailable
from calendula.patients.models import Patient

Person = tuple[str, str]
"""An identifier and a name."""

_TRIES = 3
_PEOPLE = Rows(identifier=String(), name=String())
_NEW = Rows(id=Id, identifier=String(), name=String(), search_key=String(), created_at=Instant())


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


class Identified(NamedTuple):
    """Who people are, and which of them are new."""

    ids: dict[Person, UUID]
    new: set[UUID]


def identify_all(session: Session, people: Collection[Person]) -> Identified:
    """Return the ids of many patients by identifier and name; who is not known is new.

    They are found and locked as by `identify`, in the order of their ids, so that two who lock
    several wait for each other and do not deadlock. Who is not there is added first: where all are
    new, none of them need be looked for.
    """
    missing = sorted(set(people))  # in one order, for those who are new
    found, added = dict[Person, UUID](), dict[Person, UUID]()
    for _ in range(_TRIES):
        for batch in batches(missing):
            added |= _add(session, batch)
            found |= _known(session, [person for person in batch if person not in added])
        missing = [person for person in missing if person not in found and person not in added]
        if not missing:
            return Identified(found | added, set(added.values()))
    raise _changing()


def forget(session: Session, new: Collection[UUID]) -> None:
    """Let people who are new in this transaction not have come."""
    if new:
        session.execute(delete(Patient).where(Patient.id.in_(new)))


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


def _known(session: Session, people: Sequence[Person]) -> dict[Person, UUID]:
    """Find and lock those who are known; see `_locked`."""
    if not people:
        return {}
    rows = [{"identifier": identifier, "name": name} for identifier, name in people]
    query, parameter = _finding(_PEOPLE.table(session)), _PEOPLE.parameter(session, rows)
    return {
        (identifier, name): patient_id
        for identifier, name, patient_id in session.connection().execute(query, parameter)
        if identifier and name
    }


@cache
def _finding(people: FromClause) -> Select[Any]:
    known = aliased(Patient)
    same = and_(known.identifier == people.c.identifier, known.name == people.c.name)
    return (
        _locking()
        .with_only_columns(people.c.identifier, people.c.name, Patient.id)
        .select_from(people)
        .join(known, same)
        .join(Patient, Patient.id == func.coalesce(known.merged_into, known.id))
    )


def _add(session: Session, people: Sequence[Person]) -> dict[Person, UUID]:
    """Add those who are not there, and return them: they are locked, being new."""
    adding = _adding(_NEW.table(session), insert_unless_conflict(session, Patient))
    parameter = _NEW.parameter(session, [_row(*person) for person in people])
    added = session.connection().execute(adding, parameter)
    return {
        (identifier, name): patient_id
        for identifier, name, patient_id in added
        if identifier and name
    }


@cache
def _adding(people: FromClause, insert: Insert) -> ReturningInsert[str | None, str | None, UUID]:
    rows = select(*people.c).where(true())  # SQLite needs a WHERE before ON CONFLICT
    statement = insert.from_select(list(people.c.keys()), rows)
    return statement.returning(Patient.identifier, Patient.name, Patient.id)


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

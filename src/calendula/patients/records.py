"""What the staff does with what is stored about patients."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from calendula import clock, names
from calendula.errors import Conflict, Invalid, NotFound
from calendula.patients.models import Patient

_BETWEEN_DIGITS = " +()./-"
_CONTACT = re.compile(r"@|([0-9][ +()./-]*){5}")
_IDENTITY = ("identifier", "name")


class UnknownPatient(NotFound):
    """No patient has this id, or none whom the caller may see."""

    code = "unknown-patient"


class PatientExists(Conflict):
    """Another patient has this identifier and this name."""

    code = "patient-exists"


class PatientMerged(Conflict):
    """The patient was merged into another, who is the one to deal with."""

    code = "patient-merged"


class PatientErased(Conflict):
    """Nothing is known of the patient any more."""

    code = "patient-erased"


class SamePatient(Conflict):
    """Nobody is their own duplicate."""

    code = "same-patient"


def get(session: Session, patient_id: UUID) -> Patient:
    """Return the patient of this id; raise UnknownPatient where there is none."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise unknown()
    return patient


def unknown() -> UnknownPatient:
    """Return what is raised where there is no patient of an id: the same, whatever the reason."""
    return UnknownPatient("There is no patient of this id.")


def matching(
    *,
    name: str | None = None,
    identifier: str | None = None,
    email: str | None = None,
    phone: str | None = None,
) -> Select[Patient]:
    """Return the patients of whom all that is given is true, but nobody merged or erased.

    The name is each of its words, in any order; case and accents do not matter. Case does not
    matter in an e-mail address, and of a telephone number the last digits suffice. Raises Invalid
    where nothing is given, or a name without a letter to look for: it would find everybody.
    """
    if (name, identifier, email, phone) == (None,) * 4:
        raise Invalid("Name what to look for: name, identifier, email or phone.")
    query = select(Patient).where(Patient.merged_into.is_(None), Patient.erased_at.is_(None))
    words = names.plain(name or "").split()
    if name is not None and not words:
        raise Invalid("name must hold something to look for: an accent alone is not.")
    for word in words:
        query = query.where(Patient.search_key.contains(word, autoescape=True))
    if identifier is not None:
        query = query.where(Patient.identifier == identifier)
    if email is not None:  # SQLite folds ASCII alone
        same = or_(Patient.email == email, func.lower(Patient.email) == email.lower())
        query = query.where(same)
    if phone is not None:
        query = query.where(_digits(Patient.phone).endswith(re.sub("[^0-9]", "", phone)))
    return query


def take(session: Session, *ids: UUID) -> list[Patient]:
    """Lock patients for a change, against bookings and other changes; return them as they are now.

    In the order of the ids, so that two who lock the same ones do not deadlock. Raises
    UnknownPatient, and PatientMerged with whom that one was merged into.
    """
    query = select(Patient).where(Patient.id.in_(ids), Patient.merged_into.is_(None))
    found = session.scalars(
        query.order_by(Patient.id).with_for_update(), execution_options={"populate_existing": True}
    )
    locked = {patient.id: patient for patient in found}
    for patient_id in ids:
        if patient_id not in locked:
            into = get(session, patient_id).merged_into
            raise PatientMerged("The patient was merged into another.", merged_into=str(into))
    return [locked[patient_id] for patient_id in ids]


def refuse_naming(session: Session, patient_id: UUID, text: str) -> None:
    """Raise Invalid where a text that is kept for good speaks of a patient.

    It must hold no word of their names, nor their identifier, and nothing that looks like an e-mail
    address or a telephone number. That cannot find everything: people must know not to.
    """
    patient = get(session, patient_id)
    people = [patient, *aliases(session, patient)]
    named = any(names.mentions(text, person.name or "") for person in people)
    identified = any(names.holds(text, person.identifier or "") for person in people)
    if named or identified or _CONTACT.search(text):
        raise Invalid("reason must not name the patient: the log keeps it for good.")


def refuse_erased(patient: Patient) -> None:
    """Raise PatientErased where nothing is known of a patient any more."""
    if patient.erased_at is not None:
        raise PatientErased("The patient was erased.")


def aliases(session: Session, patient: Patient) -> Sequence[Patient]:
    """Return those who were merged into a patient, in the order of their making."""
    query = select(Patient).where(Patient.merged_into == patient.id).order_by(Patient.id)
    return session.scalars(query).all()


def change(session: Session, patient: Patient, values: dict[str, str | None]) -> list[str]:
    """Let columns of a patient be this; return the names of those that were another way.

    Where an alias of the patient has the identity that is wanted, the two change places. Call
    `take` before. Raises PatientErased, and PatientExists with the id of whoever has this
    identifier and name, unless they have given it up in the meantime.
    """
    refuse_erased(patient)
    changed = [column for column, value in values.items() if getattr(patient, column) != value]
    wanted = {column: getattr(patient, column) for column in _IDENTITY} | values
    identity = {column: wanted[column] for column in _IDENTITY}
    try:
        with session.begin_nested():
            if set(_IDENTITY) & set(changed):
                _identify_as(session, patient, identity)
            for column in changed:
                setattr(patient, column, values[column])
    except IntegrityError as error:
        other = session.scalar(select(Patient.id).filter_by(**identity))
        refusal = PatientExists(
            "Another patient has this identifier and name. Merge them if they are one person."
        )
        if other is not None:
            refusal.members["patient_id"] = str(other)
        raise refusal from error
    return changed


def merge(session: Session, patient: Patient, duplicate: Patient) -> None:
    """Let a duplicate, and all who were merged into it, be another name of a patient.

    It keeps its identity, so that who is booked under it later is found. Call `take` before. Raises
    PatientErased.
    """
    for each in patient, duplicate:
        refuse_erased(each)
    session.execute(
        update(Patient)
        .where(or_(Patient.id == duplicate.id, Patient.merged_into == duplicate.id))
        .values(merged_into=patient.id)
    )


def erase(session: Session, patient: Patient) -> bool:
    """Forget who a patient is, under every name; tell whether that was known until now.

    Call `take` before.
    """
    if patient.erased_at is not None:
        return False
    session.execute(
        update(Patient)
        .where(or_(Patient.id == patient.id, Patient.merged_into == patient.id))
        .values(
            identifier=None,
            name=None,
            search_key="",
            email=None,
            phone=None,
            erased_at=clock.now(),
        )
    )
    return True


def _identify_as(session: Session, patient: Patient, identity: dict[str, str | None]) -> None:
    """Give a patient another identity; an alias that has it takes the one that was the patient's.

    No two rows may have the same one meanwhile, so the alias has no identifier for a moment.
    """
    own = select(Patient).filter_by(merged_into=patient.id, **identity)
    alias = session.scalar(own) if identity["identifier"] is not None else None
    before = {column: getattr(patient, column) for column in _IDENTITY}
    if alias is not None:
        alias.identifier = None
        session.flush()
    _name(session, patient, identity)
    if alias is not None:
        _name(session, alias, before)


def _name(session: Session, patient: Patient, identity: dict[str, str | None]) -> None:
    patient.identifier, patient.name = identity["identifier"], identity["name"]
    patient.search_key = names.plain(identity["name"] or "")
    session.flush()


def _digits(column: InstrumentedAttribute[str | None]) -> ColumnElement[str]:
    digits: ColumnElement[str] = func.coalesce(column, "", type_=String)
    for char in _BETWEEN_DIGITS:
        digits = func.replace(digits, char, "", type_=String)
    return digits

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from rapidfuzz import process
from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from calendula import clock, names
from calendula.database import batches, insert_unless_conflict
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import Conflict, NotFound


class UnknownDoctor(NotFound):
    """No doctor of the clinic has this name or id."""

    code = "unknown-doctor"


class NameTaken(Conflict):
    """A doctor of this name works here already."""

    code = "doctor-name-taken"


class NameConfusable(Conflict):
    """The name looks like that of another doctor, and is none."""

    code = "doctor-name-confusable"


def find(session: Session, name: str) -> Doctor | None:
    """Return the doctor of this name, whatever its case and spacing, or None."""
    return session.scalar(select(Doctor).where(Doctor.name_key == names.key(name)))


def find_all(session: Session, keys: Iterable[str]) -> dict[str, Doctor]:
    """Return the doctors whose names have these keys (`names.key`), by key."""
    return {
        doctor.name_key: doctor
        for batch in batches(sorted(set(keys)))
        for doctor in session.scalars(select(Doctor).where(Doctor.name_key.in_(batch)))
    }


def lock_all(session: Session, some: Iterable[Doctor]) -> None:
    """Keep bookings and edits of these doctors out until the transaction ends, and read them anew.

    In the order of the ids, so that two who lock several wait for each other and do not deadlock.
    """
    for batch in batches(sorted({doctor.id for doctor in some})):
        query = select(Doctor).where(Doctor.id.in_(batch)).order_by(Doctor.id)
        session.scalars(
            query.with_for_update(key_share=True), execution_options={"populate_existing": True}
        ).all()


def wait_for_edits(session: Session, keys: Collection[str]) -> None:
    """Wait until nobody edits the time of the doctors whose names have these keys."""
    query = select(Doctor.id).where(Doctor.name_key.in_(keys)).order_by(Doctor.id)
    session.scalars(query.with_for_update(read=True)).all()


def get(session: Session, name: str) -> Doctor:
    """Return the doctor of this name; raise UnknownDoctor with the nearest known names.

    One who sees no patients any more is not known.
    """
    doctor = find(session, name)
    if doctor is None or not doctor.active:
        raise UnknownDoctor(
            "No doctor of that name works here.", nearest_doctors=_nearest(session, name)
        )
    return doctor


def by_id(session: Session, doctor_id: UUID, *, inactive: bool = False) -> Doctor:
    """Return the doctor of this id; raise UnknownDoctor where there is none.

    One who sees no patients any more is there for those alone who may know of the `inactive`.
    """
    doctor = session.get(Doctor, doctor_id)
    if doctor is None or not (doctor.active or inactive):
        raise UnknownDoctor("No doctor of that id works here.")
    return doctor


def add(session: Session, name: str, *, time_zone: str, specialty: str | None = None) -> Doctor:
    """Add a doctor without hours. Raises NameTaken and NameConfusable."""
    new = insert_unless_conflict(session, Doctor).values(
        id=new_id(),
        name=name,
        **_keys(name),
        specialty=specialty,
        specialty_key=specialty and names.plain(specialty),
        time_zone=time_zone,
        created_at=clock.now(),
    )
    doctor: Doctor | None = session.scalar(new.returning(Doctor))
    if doctor is None:
        raise _refusal(session, name)
    return doctor


def rename(session: Session, doctor: Doctor, name: str) -> None:
    """Give a doctor another name. Raises NameTaken and NameConfusable."""
    try:
        with session.begin_nested():
            session.execute(
                update(Doctor).where(Doctor.id == doctor.id).values(name=name, **_keys(name))
            )
    except IntegrityError as error:
        raise _refusal(session, name) from error


def specialise(session: Session, doctor: Doctor, specialty: str | None) -> None:
    """Let a doctor have this specialty, or none."""
    doctor.specialty = specialty
    doctor.specialty_key = specialty and names.plain(specialty)
    session.flush()


def matching(specialty: str | None, words: str | None, *, inactive: bool) -> Select[Doctor]:
    """Return the doctors of a specialty whose names hold each of these words, accents or not."""
    query = select(Doctor)
    if not inactive:
        query = query.where(Doctor.active)
    if specialty is not None:
        query = query.where(Doctor.specialty_key == names.plain(specialty))
    for word in names.plain(words or "").split():
        query = query.where(Doctor.search_key.contains(word, autoescape=True))
    return query


def everyone(session: Session) -> Sequence[Doctor]:
    """Return all doctors by name."""
    return session.scalars(select(Doctor).order_by(Doctor.name_key)).all()


def _keys(name: str) -> dict[str, str]:
    return {
        "name_key": names.key(name),
        "skeleton": names.skeleton(name),
        "search_key": names.plain(name),
    }


def _refusal(session: Session, name: str) -> Conflict:
    if find(session, name):
        return NameTaken("A doctor of that name works here already.")
    alike = select(Doctor.name).where(Doctor.skeleton == names.skeleton(name), Doctor.active)
    return NameConfusable(
        "The name looks like that of another doctor.",
        nearest_doctors=list(session.scalars(alike)),
    )


def _nearest(session: Session, name: str) -> list[str]:
    query = select(Doctor.name_key, Doctor.name).where(Doctor.active)
    known = {row.name_key: row.name for row in session.execute(query)}
    near = process.extract(names.key(name), known.keys(), limit=3, score_cutoff=70)
    return [known[name_key] for name_key, *_ in near]

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access import keys
from calendula.access.models import ApiKey
from calendula.access.roles import Caller, Role
from calendula.database import JsonObject
from calendula.database.ids import new_id
from calendula.doctors.models import Doctor
from calendula.errors import Invalid, NotFound
from calendula.events import service as events

_USE_WRITTEN_EVERY = timedelta(minutes=1)
_NOBODYS_DIGEST = bytes(32)
_NO_SUCH_KEY = "There is no such key."


class Made(NamedTuple):
    """A key that was just made, with its text, which nobody can find out later."""

    key: ApiKey
    text: str


def create(
    session: Session,
    name: str,
    role: Role,
    *,
    actor: str,
    doctor_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> Made:
    """Make a key that is good until `expires_at`, or until it is revoked.

    Raises Invalid where a doctor is missing, not known, or named though the role is another, and
    where `expires_at` has passed.
    """
    now = clock.now()
    if (role is Role.DOCTOR) != (doctor_id is not None):
        raise Invalid("A key of the role doctor names a doctor, and no other key does.")
    if doctor_id is not None and session.get(Doctor, doctor_id) is None:
        raise Invalid("doctor_id is no doctor of this clinic.")
    if expires_at is not None and expires_at <= now:
        raise Invalid("expires_at must lie ahead.")
    handle, text = keys.make()
    key = ApiKey(
        id=new_id(),
        name=name,
        role=role,
        doctor_id=doctor_id,
        handle=handle,
        digest=keys.digest(text),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    _record(session, "key.created", key, actor, before=None)
    return Made(key, text)


def create_first(session: Session) -> str | None:
    """Make an admin's key where no key was ever made, and return its text; else return None."""
    if session.scalar(select(exists().select_from(ApiKey))):
        return None
    return create(session, "first start", Role.ADMIN, actor="system").text


def find_valid(session: Session, text: str) -> ApiKey | None:
    """Return the key of this text; None where it is unknown, expired, revoked or no key at all."""
    handle = keys.handle_of(text)
    if handle is None:
        return None
    key = session.scalar(select(ApiKey).where(ApiKey.handle == handle))
    # An unknown handle takes as long as a wrong secret.
    known = compare_digest(key.digest if key else _NOBODYS_DIGEST, keys.digest(text))
    return key if key is not None and known and is_good(key) else None


def is_good(key: ApiKey) -> bool:
    """Tell whether a key opens anything now: it is neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or clock.now() < key.expires_at)


def caller_of(key: ApiKey) -> Caller:
    """Return who calls with a key."""
    return Caller(Role(key.role), key.id, key.doctor_id)


def get(session: Session, key_id: UUID) -> ApiKey:
    """Return the key of this id, good or not; raise NotFound where there is none."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound(_NO_SUCH_KEY)
    return key


def use_is_due(key: ApiKey) -> bool:
    """Tell whether it is time to write down again that a key is used."""
    return key.last_used_at is None or key.last_used_at <= clock.now() - _USE_WRITTEN_EVERY


def record_use(session: Session, key_id: UUID) -> None:
    """Write down that a key is used now, unless somebody did within the last minute."""
    now = clock.now()
    due = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - _USE_WRITTEN_EVERY)
    session.execute(update(ApiKey).where(ApiKey.id == key_id, due).values(last_used_at=now))


def revoke(session: Session, which: ColumnElement[bool], *, actor: str) -> None:
    """Let a key open nothing from now on. One that was revoked stays so, and nothing is written.

    `which` is a condition that picks one key. Raises NotFound.
    """
    revoking = update(ApiKey).where(which, ApiKey.revoked_at.is_(None))
    key = session.scalar(revoking.values(revoked_at=clock.now()).returning(ApiKey))
    if key is not None:
        _record(session, "key.revoked", key, actor, before={"revoked_at": None})
    elif session.scalar(select(ApiKey.id).where(which)) is None:
        raise NotFound(_NO_SUCH_KEY)


def everyone(session: Session) -> list[tuple[ApiKey, str | None]]:
    """Return all keys in the order of their making, each with its doctor's name if it has one."""
    found = session.execute(select(ApiKey, Doctor.name).outerjoin(Doctor).order_by(ApiKey.id))
    return [(key, doctor) for key, doctor in found]


def _record(
    session: Session, action: str, key: ApiKey, actor: str, before: JsonObject | None
) -> None:
    """Tell what a key was and is now; not what it is called, which may be who has it."""
    times = {"expires_at": _written(key.expires_at), "revoked_at": _written(key.revoked_at)}
    events.record(
        session,
        action,
        actor=actor,
        doctor_id=key.doctor_id,
        data={
            "key_id": str(key.id),
            "role": key.role,
            "handle": key.handle,
            "before": before and {**times, **before},
            "after": times,
        },
    )


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()

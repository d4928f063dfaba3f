"""The patient's own access to one appointment: a token, `mng_` and 256 bits."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from hmac import compare_digest
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.access import keys
from calendula.access.models import AppointmentToken
from calendula.database.rows import insert_all

_tokens = cast("Table", AppointmentToken.__table__)
_PREFIX = "mng_"
_TOKEN = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{43}}")


def write(secret: bytes) -> str:
    """Return the token that 32 secret bytes make."""
    return _PREFIX + urlsafe_b64encode(secret).decode().rstrip("=")


def is_one(text: str) -> bool:
    """Tell whether a text looks like a token, rather than like a key."""
    return text.startswith(_PREFIX)


def issue(session: Session, appointment_id: UUID, secret: bytes, *, expires_at: datetime) -> None:
    """Let the token of a secret open an appointment until an instant."""
    issue_all(session, [(appointment_id, secret, expires_at)])


def issue_all(session: Session, tokens: Iterable[tuple[UUID, bytes, datetime]]) -> None:
    """Let the token of each secret open its appointment until its instant."""
    rows = [
        {"digest": keys.digest(write(secret)), "appointment_id": of, "expires_at": until}
        for of, secret, until in tokens
    ]
    insert_all(session, _tokens, rows)


def find(session: Session, text: str, *, expired: bool = False) -> UUID | None:
    """Return the id of the appointment that a token opens, or None where it opens nothing.

    `expired` finds also what a token opened that has expired since.
    """
    if not _TOKEN.fullmatch(text):
        return None
    wanted = keys.digest(text)
    token = session.get(AppointmentToken, wanted)
    if token is None or not compare_digest(token.digest, wanted):
        return None
    return token.appointment_id if expired or clock.now() < token.expires_at else None


def change_end(session: Session, appointment_id: UUID, *, expires_at: datetime) -> None:
    """Let the tokens that open an appointment do so until another instant, which may be now.

    One that has expired stays so.
    """
    these = AppointmentToken.appointment_id == appointment_id
    good = AppointmentToken.expires_at > clock.now()
    session.execute(update(AppointmentToken).where(these, good).values(expires_at=expires_at))


def revoke(session: Session, appointment_id: UUID) -> bool:
    """Let no token open an appointment any more; tell whether there was one."""
    gone = delete(AppointmentToken).where(AppointmentToken.appointment_id == appointment_id)
    return bool(session.execute(gone.returning(AppointmentToken.digest)).all())

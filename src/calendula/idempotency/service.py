"""An Idempotency-Key makes a retry safe (draft-ietf-httpapi-idempotency-key-header)."""

from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.database import JsonObject, insert_unless_conflict
from calendula.errors import Invalid
from calendula.idempotency.models import IdempotencyKey


class KeyReused(Invalid):
    """The key belongs to another request."""

    code = "idempotency-key-reused"


class Outcome(NamedTuple):
    """The answer to a request, and whether it was given before."""

    answer: JsonObject
    replayed: bool


def once(
    session: Session, operation: str, key: str | None, request: str, act: Callable[[], JsonObject]
) -> Outcome:
    """Act, unless the key of this operation has acted before: then return the first answer.

    The key is claimed before anything else, so that requests with one key pass one by one. It is
    kept if the transaction commits: what was refused may be tried again. Raises KeyReused where the
    key was used for another request.
    """
    if key is None:
        return Outcome(act(), replayed=False)
    digest = sha256(f"{operation}\0{key}".encode()).digest()
    fingerprint = sha256(request.encode()).digest()
    claim = insert_unless_conflict(session, IdempotencyKey).values(
        digest=digest, fingerprint=fingerprint, created_at=clock.now()
    )
    this = IdempotencyKey.digest == digest
    if session.scalar(claim.returning(IdempotencyKey.digest)) is None:
        first = session.execute(
            select(IdempotencyKey.fingerprint, IdempotencyKey.answer).where(this)
        ).one()
        if not compare_digest(first.fingerprint, fingerprint):
            raise KeyReused("This Idempotency-Key was used for another booking. Use a new one.")
        return Outcome(first.answer, replayed=True)
    answer = act()
    session.execute(update(IdempotencyKey).where(this).values(answer=answer))
    return Outcome(answer, replayed=False)

"""An Idempotency-Key makes a retry safe (draft-ietf-httpapi-idempotency-key-header)."""

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.database import JsonObject, insert_unless_conflict
from calendula.errors import Invalid
from calendula.idempotency.models import IdempotencyKey

_SECRET_BYTES = 32


class KeyReused(Invalid):
    """The key belongs to another request."""

    code = "idempotency-key-reused"


class Done(NamedTuple):
    """What a request did: its answer, and the appointment that it is about."""

    answer: JsonObject
    appointment_id: UUID


class Outcome(NamedTuple):
    """The answer to a request, and whether it was given before."""

    answer: JsonObject
    replayed: bool
    secret: bytes | None
    """The secret that the request acted with; None where it is from before there were any."""


def operation_of(key_id: UUID | None, operation: str) -> str:
    """Return the name of an operation for whoever calls with an API key, or without.

    Each has Idempotency-Keys of their own: nobody gets the answer that another program was given.
    """
    return operation if key_id is None else f"{operation} {key_id}"


def once(
    session: Session, operation: str, key: str | None, request: str, act: Callable[[bytes], Done]
) -> Outcome:
    """Act, unless the key of this operation has acted before: then return the first answer.

    `act` is given a secret of 256 bits. It is not kept: a replay makes it again, of a nonce that is
    kept and the client's key, which is not. So whoever reads the database has half of it.

    The key is claimed before anything else, so that requests with one key pass one by one. It is
    kept if the transaction commits: what was refused may be tried again. Raises KeyReused where the
    key was used for another request.
    """
    nonce = secrets.token_bytes(_SECRET_BYTES)
    if key is None:
        return Outcome(act(nonce).answer, replayed=False, secret=nonce)
    digest = sha256(f"{operation}\0{key}".encode()).digest()
    fingerprint = sha256(request.encode()).digest()
    claim = insert_unless_conflict(session, IdempotencyKey).values(
        digest=digest, fingerprint=fingerprint, nonce=nonce, created_at=clock.now()
    )
    this = IdempotencyKey.digest == digest
    if session.scalar(claim.returning(IdempotencyKey.digest)) is None:
        columns = IdempotencyKey.fingerprint, IdempotencyKey.answer, IdempotencyKey.nonce
        first = session.execute(select(*columns).where(this)).one()
        return _again(first, fingerprint, key)
    secret = _secret(nonce, key)
    done = act(secret)
    session.execute(
        update(IdempotencyKey)
        .where(this)
        .values(answer=done.answer, appointment_id=done.appointment_id)
    )
    return Outcome(done.answer, replayed=False, secret=secret)


def _again(
    first: Row[bytes, JsonObject | None, bytes | None], fingerprint: bytes, key: str
) -> Outcome:
    if not hmac.compare_digest(first.fingerprint, fingerprint):
        raise KeyReused("This Idempotency-Key was used for another booking. Use a new one.")
    secret = _secret(first.nonce, key) if first.nonce else None
    return Outcome(first.answer, replayed=True, secret=secret)


def _secret(nonce: bytes, key: str) -> bytes:
    return hmac.digest(nonce, key.encode(), "sha256")

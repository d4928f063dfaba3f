"""An Idempotency-Key makes a retry safe (draft-ietf-httpapi-idempotency-key-header)."""

import hmac
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple, Self, cast
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from calendula import clock
from calendula.database import JsonObject, insert_unless_conflict
from calendula.errors import Invalid
from calendula.idempotency.models import IdempotencyKey

_SECRET_BYTES = 32
_KEEP = (
    update(cast("Table", IdempotencyKey.__table__))
    .where(IdempotencyKey.digest == bindparam("of"))
    .values(answer=bindparam("answer"), appointment_id=bindparam("appointment_id"))
)


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


class Claim(NamedTuple):
    """A key that a request came with, which nobody has looked at yet."""

    digest: bytes
    fingerprint: bytes
    nonce: bytes
    secret: bytes

    @classmethod
    def of(cls, operation: str, key: str, request: str) -> Self:
        """Return the claim of an operation's key, as `once` makes it."""
        nonce = secrets.token_bytes(_SECRET_BYTES)
        digest = sha256(f"{operation}\0{key}".encode()).digest()
        return cls(digest, sha256(request.encode()).digest(), nonce, _secret(nonce, key))


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
    if key is None:
        secret = new_secret()
        return Outcome(act(secret).answer, replayed=False, secret=secret)
    claim = Claim.of(operation, key, request)
    if not claim_all(session, [claim]):
        columns = IdempotencyKey.fingerprint, IdempotencyKey.answer, IdempotencyKey.nonce
        this = IdempotencyKey.digest == claim.digest
        first = session.execute(select(*columns).where(this)).one()
        return _again(first, claim.fingerprint, key)
    done = act(claim.secret)
    keep_all(session, {claim.digest: done})
    return Outcome(done.answer, replayed=False, secret=claim.secret)


def new_secret() -> bytes:
    """Return 256 random bits, for a request that came without a key."""
    return secrets.token_bytes(_SECRET_BYTES)


def claim_all(session: Session, claims: Iterable[Claim]) -> set[bytes]:
    """Claim keys until the transaction ends; return the digests of those that were nobody's.

    In the order of the digests, so that two who claim several wait for each other and do not
    deadlock.
    """
    now = clock.now()
    rows = {it.digest: {**it._asdict(), "created_at": now} for it in claims}
    for row in rows.values():
        del row["secret"]
    if not rows:
        return set()
    claim = insert_unless_conflict(session, IdempotencyKey).returning(IdempotencyKey.digest)
    return set(session.connection().scalars(claim, [rows[digest] for digest in sorted(rows)]))


def keep_all(session: Session, done: Mapping[bytes, Done]) -> None:
    """Keep the answers of keys that were claimed, by their digests."""
    rows = [{"of": digest, **it._asdict()} for digest, it in done.items()]
    if rows:
        session.connection().execute(_KEEP, rows)


def release_all(session: Session, digests: Collection[bytes]) -> None:
    """Let keys that were claimed in this transaction be nobody's again."""
    if digests:
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.digest.in_(digests)))


def _again(
    first: Row[bytes, JsonObject | None, bytes | None], fingerprint: bytes, key: str
) -> Outcome:
    if not hmac.compare_digest(first.fingerprint, fingerprint):
        raise KeyReused("This Idempotency-Key was used for another booking. Use a new one.")
    secret = _secret(first.nonce, key) if first.nonce else None
    return Outcome(first.answer, replayed=True, secret=secret)


def _secret(nonce: bytes, key: str) -> bytes:
    return hmac.digest(nonce, key.encode(), "sha256")

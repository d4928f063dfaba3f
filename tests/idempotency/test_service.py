from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from calendula.database import Database
from calendula.idempotency.models import IdempotencyKey
from calendula.idempotency.service import Done, KeyReused, Outcome, once


class Counter:
    """Something to do, that knows how often it was done, and with what secrets."""

    def __init__(self) -> None:
        self.secrets: list[bytes] = []

    @property
    def count(self) -> int:
        """How often it was done."""
        return len(self.secrets)

    def __call__(self, secret: bytes) -> Done:
        """Do it once more."""
        self.secrets.append(secret)
        return Done({"count": self.count}, UUID(int=1))


def _once(database: Database, key: str | None, request: str, act: Counter) -> Outcome:
    with database.write() as session:
        return once(session, "count", key, request, act)


def test_without_a_key_each_request_acts(database: Database) -> None:
    """Nothing is remembered of a request that has no key."""
    act = Counter()
    assert _once(database, None, "r", act)[:2] == ({"count": 1}, False)
    assert _once(database, None, "r", act)[:2] == ({"count": 2}, False)
    assert len(set(act.secrets)) == 2


def test_a_key_acts_once(database: Database) -> None:
    """The same key and request give the first answer again, and do nothing."""
    act = Counter()
    first = _once(database, "k", "r", act)
    assert first == ({"count": 1}, False, act.secrets[0])
    assert _once(database, "k", "r", act) == ({"count": 1}, True, act.secrets[0])
    assert act.count == 1


def test_the_same_key_of_another_clinic_has_another_secret(database: Database) -> None:
    """Who knows the client's key knows half of what the secret is made of, and no more."""
    act = Counter()
    _once(database, "k", "r", act)
    with database.write() as session:
        (row,) = session.scalars(select(IdempotencyKey))
        assert row.nonce != act.secrets[0]
        session.delete(row)
    _once(database, "k", "r", act)
    assert len(set(act.secrets)) == 2
    assert [len(secret) for secret in act.secrets] == [32, 32]


def test_an_answer_from_before_there_were_secrets_has_none(database: Database) -> None:
    """A key that was used before the migration gives its answer, without a secret."""
    act = Counter()
    _once(database, "k", "r", act)
    with database.write() as session:
        session.execute(update(IdempotencyKey).values(nonce=None))
    assert _once(database, "k", "r", act) == ({"count": 1}, True, None)


def test_a_key_is_for_one_request(database: Database) -> None:
    """The same key with another request is refused, and does nothing."""
    act = Counter()
    _once(database, "k", "r", act)
    with pytest.raises(KeyReused):
        _once(database, "k", "another", act)
    assert act.count == 1


def test_a_key_is_for_one_operation(database: Database) -> None:
    """Operations do not share their keys."""
    act = Counter()
    _once(database, "k", "r", act)
    with database.write() as session:
        assert not once(session, "another", "k", "r", act).replayed


def test_what_failed_is_not_remembered(database: Database) -> None:
    """A request that was refused had no effect, so that its key may be tried again."""

    def fail(_secret: bytes) -> Done:
        raise KeyError

    with pytest.raises(KeyError), database.write() as session:
        once(session, "count", "k", "r", fail)
    assert _once(database, "k", "r", Counter())[:2] == ({"count": 1}, False)


def test_neither_key_nor_request_is_stored(database: Database) -> None:
    """The table holds digests: nobody reads a name out of a key or a request."""
    _once(database, "asha-verma", "Asha Verma", Counter())
    with database.read() as session:
        (row,) = session.scalars(select(IdempotencyKey))
        assert (len(row.digest), len(row.fingerprint)) == (32, 32)
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1

import pytest
from sqlalchemy import func, select

from calendula.database import Database, JsonObject
from calendula.idempotency.models import IdempotencyKey
from calendula.idempotency.service import KeyReused, Outcome, once


class Counter:
    """Something to do, that knows how often it was done."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> JsonObject:
        """Do it once more."""
        self.count += 1
        return {"count": self.count}


def _once(database: Database, key: str | None, request: str, act: Counter) -> Outcome:
    with database.write() as session:
        return once(session, "count", key, request, act)


def test_without_a_key_each_request_acts(database: Database) -> None:
    """Nothing is remembered of a request that has no key."""
    act = Counter()
    assert _once(database, None, "r", act) == ({"count": 1}, False)
    assert _once(database, None, "r", act) == ({"count": 2}, False)


def test_a_key_acts_once(database: Database) -> None:
    """The same key and request give the first answer again, and do nothing."""
    act = Counter()
    assert _once(database, "k", "r", act) == ({"count": 1}, False)
    assert _once(database, "k", "r", act) == ({"count": 1}, True)
    assert act.count == 1


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

    def fail() -> JsonObject:
        raise KeyError

    with pytest.raises(KeyError), database.write() as session:
        once(session, "count", "k", "r", fail)
    assert _once(database, "k", "r", Counter()) == ({"count": 1}, False)


def test_neither_key_nor_request_is_stored(database: Database) -> None:
    """The table holds digests: nobody reads a name out of a key or a request."""
    _once(database, "asha-verma", "Asha Verma", Counter())
    with database.read() as session:
        (row,) = session.scalars(select(IdempotencyKey))
        assert (len(row.digest), len(row.fingerprint)) == (32, 32)
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1

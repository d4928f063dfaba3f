"""Hints from worker to worker, on PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from queue import Queue
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from calendula.database import EVERYTHING, Database
from calendula.database.postgresql_connection import Connection
from calendula.settings import Settings

PATIENCE = 15.0  # seconds; a connection that was lost is tried again after one
LISTENERS = (
    "FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'calendula hints'"
)
KILL_ALL = text(f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}")
KILL_FIRST = text(f"SELECT pg_terminate_backend(pid) {LISTENERS} ORDER BY backend_start LIMIT 1")

Heard = Queue[AbstractSet[str]]
Work = Callable[[], tuple[Database, Heard]]


@pytest.fixture
def worker(postgresql_url: str) -> Iterator[Work]:
    """Make a worker that hears, with what it hears behind its start."""
    databases: list[Database] = []

    def start() -> tuple[Database, Heard]:
        database, heard = Database.from_settings(Settings(database_url=postgresql_url)), Heard()
        databases.append(database)
        database.hints.listen(heard.put)
        assert heard.get(timeout=PATIENCE) == {EVERYTHING}
        return database, heard

    yield start
    for database in databases:
        database.close()


def _collect(heard: Heard, topics: set[str]) -> None:
    """Wait until all these topics were heard, in as many hints as they came in."""
    missing = set(topics)
    while missing:
        missing -= heard.get(timeout=PATIENCE)


def test_the_other_workers_hear(worker: Work) -> None:
    """What a worker tells, it hears at once and once, and every other worker hears it too."""
    (one, own), (other, first), (_, second) = worker(), worker(), worker()
    one.hints.tell({"a"})
    assert own.get(timeout=0) == {"a"}
    assert first.get(timeout=PATIENCE) == second.get(timeout=PATIENCE) == {"a"}
    one.hints.tell({"b", "c"})
    assert own.get(timeout=0) == {"b", "c"}
    assert first.get(timeout=PATIENCE) == {"b", "c"}
    other.hints.tell({"d"})
    assert own.get(timeout=PATIENCE) == {"d"}


def test_no_topic_is_lost_in_a_crowd(worker: Work) -> None:
    """However fast hints come one upon another, each topic arrives."""
    (one, _), (_, heard) = worker(), worker()
    for number in range(2000):
        one.hints.tell({str(number % 100)})
    one.hints.tell({"last"})
    _collect(heard, {*map(str, range(100)), "last"})


def test_what_is_too_long_to_say_is_everything(worker: Work) -> None:
    """More doctors than a notification has room for are the whole clinic."""
    (one, own), (_, heard) = worker(), worker()
    many = {str(uuid4()) for _ in range(500)}
    one.hints.tell(many)
    assert own.get(timeout=0) == many
    assert heard.get(timeout=PATIENCE) == {EVERYTHING}


def test_a_lost_connection_comes_back(worker: Work) -> None:
    """Who was cut off says that anything may have changed, and hears and is heard again."""
    (one, own), (other, heard) = worker(), worker()
    with other.write() as session:
        assert session.scalar(KILL_ALL) == 2
    assert own.get(timeout=PATIENCE) == heard.get(timeout=PATIENCE) == {EVERYTHING}
    one.hints.tell({"a"})
    other.hints.tell({"b"})
    _collect(own, {"b"})
    _collect(heard, {"a"})


def test_what_could_not_be_sent_is_sent_later(worker: Work) -> None:
    """What is told while the connection is lost reaches the others when it is there again."""
    (one, _), (_, heard) = worker(), worker()
    with one.write() as session:
        session.execute(KILL_FIRST)
    one.hints.tell({"a"})
    _collect(heard, {"a"})


def test_who_does_not_listen_tells_in_the_end(worker: Work, postgresql_url: str) -> None:
    """A command tells what it has done when it closes its database."""
    _, heard = worker()
    with closing(Database.from_settings(Settings(database_url=postgresql_url))) as command:
        command.hints.tell({"a"})
        command.hints.tell({"b"})
    assert heard.get(timeout=PATIENCE) == {"a", "b"}


def test_what_was_sent_in_vain_is_sent_again(
    worker: Work, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hints on which the connection broke are still there for the next one."""
    connect = Connection.connect

    def connect_and_break(*args: Any, **options: Any) -> Any:
        connection = connect(*args, **options)
        connection.close()
        return connection

    _, heard = worker()
    with closing(Database.from_settings(Settings(database_url=postgresql_url))) as command:
        command.hints.tell({"a"})
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "connect", connect_and_break)
            command.hints.close()
        command.hints.tell({"b"})
    assert heard.get(timeout=PATIENCE) == {"a", "b"}


def test_hints_take_no_connection_of_the_pool(worker: Work) -> None:
    """A pool that is in use to the last connection keeps no hint waiting, nor is one in use."""
    (one, _), (other, heard) = worker(), worker()
    one.hints.tell({"a"})
    assert heard.get(timeout=PATIENCE) == {"a"}
    for pool in (one.writer.pool, other.writer.pool):
        assert pool.status().startswith("Pool size: 10  Connections in pool: 0 ")


def test_no_database_keeps_nobody_waiting() -> None:
    """Where PostgreSQL is not there, telling and closing are done all the same, and soon."""
    database = Database.from_settings(Settings(database_url="postgresql://n@127.0.0.1:1/nothing"))
    database.hints.listen(lambda _: None)
    started = time.monotonic()
    database.hints.tell({"a"})
    database.close()
    assert time.monotonic() - started < PATIENCE

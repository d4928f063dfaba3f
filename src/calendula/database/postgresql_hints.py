"""Hints between the workers of a PostgreSQL database: LISTEN and NOTIFY.

NOTIFY takes a lock of the whole cluster at its commit, so no booking's transaction does it: a
thread of each worker sends what has piled up, on a connection of its own.
"""

import selectors
import socket
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from threading import Event, Lock, Thread

import psycopg
import structlog
from sqlalchemy import Engine

from calendula.database.hints import EVERYTHING, Hear, Hints
from calendula.database.postgresql_connection import Connection

_CHANNEL = "calendula"
_MOST_BYTES = 7999  # of a payload, says PostgreSQL
_PATIENCE = 10.0  # seconds
_PAUSE = 1.0  # seconds before it is tried again
_FAREWELL = 1.0  # seconds that the end of a worker waits for its last hints
_OPTIONS = {
    "application_name": "calendula hints",
    # Who only listens would wait for a server that is gone until the end of days.
    "keepalives_idle": 15,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}

_log = structlog.get_logger("calendula.database")


class SharedHints(Hints):
    """The hints of a PostgreSQL database: heard here at once, and by the other workers soon."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._unsent = _Unsent()
        self._connect = _connecting(engine)
        self._courier: _Courier | None = None

    def listen(self, hear: Hear) -> None:
        """Let hints be heard, the other workers' too, on a connection beside those of the pool."""
        super().listen(hear)
        self._courier = _Courier(self._connect, self._unsent, hear)
        self._courier.start()

    def tell(self, topics: AbstractSet[str]) -> None:
        """Tell of topics: here at once, and soon by the courier; without one, at `close`."""
        super().tell(topics)
        self._unsent.add(topics)
        if courier := self._courier:
            courier.ring()

    def close(self) -> None:
        """Send what is unsent, if that can be done in a moment, and hear nothing any more."""
        super().close()
        if self._courier is not None:
            self._courier.end()
            self._courier = None
        elif self._unsent:
            with suppress(psycopg.Error), self._connect() as connection:
                self._unsent.send(connection)


class _Unsent:
    """The topics that the other workers are still to be told of."""

    def __init__(self) -> None:
        self._topics: set[str] = set()
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self._topics)

    def add(self, topics: AbstractSet[str]) -> None:
        with self._lock:
            self._topics |= topics

    def send(self, connection: Connection) -> None:
        """Send all of them in one notification; they stay unsent where that fails."""
        with self._lock:
            topics, self._topics = self._topics, set()
        if not topics:
            return
        try:
            connection.execute("SELECT pg_notify(%s, %s)", [_CHANNEL, _payload(topics)])
        except psycopg.Error:
            self.add(topics)
            raise


class _Courier(Thread):
    """Sends hints and hears those of others, and connects anew where the connection is lost."""

    def __init__(self, connect: Callable[[], Connection], unsent: _Unsent, hear: Hear) -> None:
        super().__init__(name="calendula-hints", daemon=True)
        self._connect = connect
        self._unsent = unsent
        self._hear = hear
        self._ended = Event()
        self._bell, self._clapper = socket.socketpair()
        self._bell.settimeout(0)
        self._clapper.settimeout(0)

    def ring(self) -> None:
        """Say that there is something to send."""
        with suppress(OSError):  # one that has rung often enough already, or is no more
            self._clapper.send(b"!")

    def end(self) -> None:
        """Send what is there and end; not waiting for long for a server that does not answer."""
        self._ended.set()
        self.ring()
        self.join(_FAREWELL)

    def run(self) -> None:
        """Go back and forth until the end."""
        with self._bell, self._clapper:
            well = True
            while not self._ended.is_set():
                try:
                    with self._connect() as connection:
                        connection.execute(f"LISTEN {_CHANNEL}")
                        self._hear({EVERYTHING})  # who knows what was said in the meantime
                        well = True
                        self._carry(connection)
                except (psycopg.Error, OSError) as error:
                    if well:
                        _log.warning("hints interrupted", error=type(error).__qualname__)
                    well = False
                    self._ended.wait(_PAUSE)

    def _carry(self, connection: Connection) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._bell, selectors.EVENT_READ)
            selector.register(connection, selectors.EVENT_READ)
            while True:
                self._unsent.send(connection)
                self._receive(connection)
                if self._ended.is_set() and not self._unsent:
                    return
                selector.select()
                with suppress(BlockingIOError):
                    self._bell.recv(4096)

    def _receive(self, connection: Connection) -> None:
        """Hear what has come in; one's own comes back too, and was heard long ago."""
        own = connection.info.backend_pid
        topics = {
            topic
            for notification in connection.notifies(timeout=0)
            if notification.pid != own
            for topic in notification.payload.split()
        }
        if topics:
            self._hear(topics)


def _payload(topics: AbstractSet[str]) -> str:
    text = " ".join(sorted(topics))
    return text if len(text.encode()) <= _MOST_BYTES else EVERYTHING


def _connecting(engine: Engine) -> Callable[[], Connection]:
    """Return what connects as an engine does, without taking a connection from its pool."""

    def connect() -> Connection:
        _, options = engine.dialect.create_connect_args(engine.url)
        connection = Connection.connect(**{**options, **_OPTIONS}, autocommit=True)
        connection.patience = _PATIENCE
        return connection

    return connect

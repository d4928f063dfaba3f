"""How many connections a worker has at a time, in all and of one client, and who makes room."""

import time
from collections import Counter, OrderedDict
from http import HTTPStatus
from typing import Protocol

import structlog

from calendula.settings import Settings

CONNECTIONS = "connections"
"""The name in the lifespan's state of the connections of the worker."""

_OTHER_FILES = 200  # beside connections and the pool's: the database, logs, what is being opened
_TOLD_EVERY = 60.0  # seconds

_log = structlog.get_logger("calendula")


class Connection(Protocol):
    """What can be told to make room."""

    def give_way(self) -> None:
        """End at once."""


class Connections:
    """The open connections of a worker.

    Those that wait for a request are known in the order since when they do: where there are too
    many, the first of them makes room. Whoever sends slowly on many so closes their own; a request
    that comes at once, and one that is being answered, closes none.
    """

    def __init__(self, settings: Settings) -> None:
        self.most = _files_for(settings.connections, settings.pool_size)
        self.timeout = settings.request_timeout
        self.waiting: OrderedDict[Connection, None] = OrderedDict()
        self._most_of_one = settings.connections_per_client
        self._open = 0
        self._of: Counter[str] = Counter()
        self._turned_away = 0
        self._told_at = -_TOLD_EVERY

    def enter(self, network: str) -> HTTPStatus | None:
        """Count a connection, or return the status with which it is turned away.

        An empty `network` is of those who ask for many others: proxies.
        """
        if network and self._of[network] >= self._most_of_one:
            self._tell()
            return HTTPStatus.TOO_MANY_REQUESTS
        if self._open >= self.most:
            self._tell()
            if not self.waiting:
                return HTTPStatus.SERVICE_UNAVAILABLE
            slowest, _ = self.waiting.popitem(last=False)
            slowest.give_way()
        self._open += 1
        self._of[network] += 1
        return None

    def leave(self, network: str) -> None:
        """Count a connection no more."""
        self._open -= 1
        self._of[network] -= 1
        if not self._of[network]:
            del self._of[network]

    def _tell(self) -> None:
        """Say that there are too many, now and then: each of them is what somebody may want."""
        self._turned_away += 1
        now = time.monotonic()
        if now - self._told_at >= _TOLD_EVERY:
            _log.warning("There are too many connections.", turned_away=self._turned_away)
            self._told_at, self._turned_away = now, 0


def _files_for(wanted: int, pool: int) -> int:
    """Return how many connections may be open, as many as are wanted where the system allows it."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return wanted
    others = _OTHER_FILES + 2 * pool
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted + others:
        return wanted
    allowed = wanted + others if hard == resource.RLIM_INFINITY else min(wanted + others, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(allowed - others, allowed // 2)

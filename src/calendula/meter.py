"""What clients do in a window of time, counted. It is asked at each request: a few microseconds."""

from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import NamedTuple

from calendula import clock

_MOST_CLIENTS = 50_000
Add = Callable[[str, int, int], int]
"""Adds to a number that others add to as well: its name, how many seconds it is kept at least, how
much. Returns the sum."""


class Taken(NamedTuple):
    """Whether a client could have what it wanted, and what is left."""

    meter: "Meter"
    ok: bool
    left: int
    reset: int
    """Seconds until the window ends."""


class Meter:
    """Counts up to `most` for each client in each window of so many seconds; 0 is no limit.

    All windows begin at the same instants, on every machine. The memory is bounded: of the clients
    of a window 50,000 are remembered, then none. Whoever has so many addresses has as many times
    what a client may have anyway. Threads may share it.
    """

    def __init__(self, name: str, most: int, seconds: int) -> None:
        self.name = name
        self.most = most
        self.seconds = seconds
        self.label = f'"{name}"'.encode()
        self.policy = self.label + b";q=%d;w=%d" % (most, seconds)
        """Both as a RateLimit header has them."""
        self._begin = self._end = 0
        self._counts: dict[str, int] = {}
        self._untold: dict[str, int] = {}
        self._lock = Lock()

    def take(self, client: str) -> Taken:
        """Count one more, unless it is more than the client may have."""
        return self._add(client, 1)

    def look(self, client: str) -> Taken:
        """Tell whether one more can be had, without counting it."""
        taken = self._add(client, 0)
        return taken._replace(ok=not self.most or taken.left > 0)

    def give_back(self, client: str) -> None:
        """Count one less."""
        self._add(client, -1)

    def share(self, add: Add) -> None:
        """Add what was counted since the last time to what others count, and learn the sums.

        What `add` raises goes on; what it was not given by then, the others never learn.
        """
        with self._lock:
            begin, untold, self._untold = self._begin, self._untold, {}
        for client, amount in untold.items():
            total = add(f"{self.name}:{begin}:{client}", self.seconds, amount)
            with self._lock:
                if begin == self._begin:
                    self._counts[client] = max(0, total + self._untold.get(client, 0))

    def _add(self, client: str, amount: int) -> Taken:
        if not self.most:
            return Taken(self, True, 0, 0)  # noqa: FBT003 - here and below: names take time
        now = clock.timestamp()
        with self._lock:
            if not self._begin <= now < self._end:
                self._turn(now)
            reset = ceil(self._end - now)
            before = self._counts.get(client, 0)
            count = max(0, before + amount)
            if amount > 0 and count > self.most:
                return Taken(self, False, 0, reset)  # noqa: FBT003
            if count != before:
                self._count(client, count, count - before)
        return Taken(self, True, max(0, self.most - count), reset)  # noqa: FBT003

    def _turn(self, now: float) -> None:
        self._begin = int(now // self.seconds * self.seconds)
        self._end = self._begin + self.seconds
        self._counts, self._untold = {}, {}

    def _count(self, client: str, count: int, amount: int) -> None:
        if len(self._counts) >= _MOST_CLIENTS and client not in self._counts:
            self._counts, self._untold = {}, {}
        self._counts[client] = count
        self._untold[client] = self._untold.get(client, 0) + amount

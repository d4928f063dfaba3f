"""A connection that waits for nobody for ever, and keeps no plan for long."""

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

_LOOK = 0.1  # seconds after which the driver looks whether it was interrupted
_PLANS_LAST = 5.0  # seconds
_Answer = TypeVar("_Answer")


class Connection(psycopg.Connection[Any]):
    """A connection that is closed when an answer takes longer than there is patience.

    The time-outs of a statement are kept by the server. One that is frozen, or cut off, keeps none;
    and a COMMIT that waits for a standby has none.
    """

    patience: float | None = None
    """Seconds; None is for ever."""
    _planned_at = -_PLANS_LAST

    def wait(
        self, gen: PQGen[_Answer], interval: float = _LOOK, timeout: float | None = None
    ) -> _Answer:
        """Wait for an answer; raise OperationalError where it does not come in time."""
        if timeout is not None or self.patience is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001 - there is no public name
            self.pgconn.finish()
            raise psycopg.OperationalError("the server does not answer in time") from None

    def check(self) -> None:
        """Raise OperationalError where the server has closed the connection. It is not asked."""
        for _ in range(2):  # its last words, and then that there will be no more
            self.pgconn.consume_input()

    def plan_anew(self) -> None:
        """Let what is prepared be planned anew, unless it was a moment ago.

        A plan that was made for small tables would be kept while they grow. PostgreSQL drops it
        where it analyzes a table, which is up to a minute later, or never. Raises OperationalError
        where the server does not answer: the connection is of no more use then.
        """
        now = time.monotonic()
        if now - self._planned_at >= _PLANS_LAST:
            self._planned_at = now
            self.autocommit = True  # of this side: so it is one round trip, and not three
            self.execute("DISCARD PLANS", prepare=False)
            self.autocommit = False

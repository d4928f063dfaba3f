import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware and in UTC. With `timestamp`, the only clock."""
    return datetime.now(UTC)


def timestamp() -> float:
    """Return the present instant in seconds since 1970 (POSIX), for a tenth of what `now` costs."""
    return time.time()

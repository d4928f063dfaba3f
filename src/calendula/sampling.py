"""What can only be looked at, and not counted as it happens: looked at once a second."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from anyio import to_thread

from calendula import metrics
from calendula.availability.kept import Kept
from calendula.database import Database
from calendula.events.feed import Feed
from calendula.together import Together

_SECONDS = 1.0


@asynccontextmanager
async def of(
    database: Database, feed: Feed, kept: Kept, queues: Sequence[Together[Any, Any]]
) -> AsyncIterator[None]:
    """Look at a worker's parts for the length of a block."""
    metrics.serving("sqlite" if database.embedded else "postgresql")

    async def look() -> None:
        loop = asyncio.get_running_loop()
        while True:
            _look(database, feed, kept, queues)
            due = loop.time() + _SECONDS
            await asyncio.sleep(_SECONDS)
            metrics.LAG.observe(max(0.0, loop.time() - due))

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


def _look(database: Database, feed: Feed, kept: Kept, queues: Sequence[Together[Any, Any]]) -> None:
    size, in_use = database.connections()
    metrics.POOL_SIZE.set(size)
    metrics.POOL_IN_USE.set(in_use)
    metrics.THREADS_WAITING.set(
        to_thread.current_default_thread_limiter().statistics().tasks_waiting
    )
    for queue in queues:
        metrics.QUEUE.labels(queue.name).set(queue.waiting)
    for audience, staff in ("public", False), ("staff", True):
        metrics.STREAMS.labels(audience).set(feed.open_pages(staff=staff))
    hits, misses = kept.take_counts()
    metrics.HIT.inc(hits)
    metrics.MISS.inc(misses)

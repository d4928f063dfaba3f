"""From the threads that change something to the open pages that show it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from typing import NamedTuple
from uuid import UUID

from calendula.database import EVERYTHING
from calendula.errors import Unavailable

_STOPPING = "The service is stopping."
_FULL = "Too many pages are open. This one works without being kept up to date."
_RETRY = 30  # seconds


class Reader:
    """The hints for one page, in the order in which they came. Its loop's thread has it alone.

    A page that is slow finds a topic once, however often it was told: so it takes no room.
    """

    def __init__(self, topics: AbstractSet[str] | None) -> None:
        self._topics = topics
        self._waiting: dict[str, None] = {}
        self._rung = asyncio.Event()
        self._closed = False

    def hear(self, topics: AbstractSet[str]) -> None:
        """Take the topics that the page is about."""
        ours = topics if self._topics is None else topics & self._topics
        if ours:
            self._waiting.update(dict.fromkeys(ours))
            self._rung.set()

    def close(self) -> None:
        """End the page's hints, those that wait too."""
        self._closed = True
        self._rung.set()

    def __aiter__(self) -> "Reader":
        return self

    async def __anext__(self) -> str:
        """Wait for a hint: the id of a doctor, or `EVERYTHING`."""
        while not (self._waiting or self._closed):
            self._rung.clear()
            await self._rung.wait()
        if self._closed:
            raise StopAsyncIteration
        topic = next(iter(self._waiting))
        del self._waiting[topic]
        return topic


class _Client(NamedTuple):
    """Whose page it is."""

    name: str
    staff: bool


class Feed:
    """The open pages of a worker. It tells them that something has changed, never what.

    Where there is no room for another page, a client who has more of them than whoever asks loses
    one: nobody keeps all others from being kept up to date.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._readers: dict[Reader, _Client] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Take readers from now on, on the running loop alone."""
        self._loop = asyncio.get_running_loop()

    @contextmanager
    def subscribe(
        self, doctor_id: UUID | None, client: str, *, staff: bool = False
    ) -> Iterator[Reader]:
        """Give a client the hints about a doctor and the whole clinic; None stands for all doctors.

        The staff has room of its own: whoever takes all of the public's does not shut the desk off.
        Raises Unavailable where there are as many readers as may be and nobody has more than the
        client would, and before and after the time in which the feed is open.
        """
        if self._loop is None:
            raise Unavailable(_STOPPING)
        asking = _Client(client, staff)
        self._make_room(asking)
        reader = Reader(None if doctor_id is None else {str(doctor_id), EVERYTHING})
        self._readers[reader] = asking
        try:
            yield reader
        finally:
            self._readers.pop(reader, None)

    def open_pages(self, *, staff: bool) -> int:
        """Return how many readers there are."""
        return sum(client.staff is staff for client in self._readers.values())

    def publish(self, topics: AbstractSet[str]) -> None:
        """Tell of topics, from any thread, without waiting."""
        loop = self._loop
        if self._readers and loop is not None:
            with suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(self._tell, frozenset(topics))

    def close(self) -> None:
        """End all readers' hints, and take no readers. From any thread, or a signal's handler."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(self._end)

    def _make_room(self, asking: _Client) -> None:
        pages = Counter(it for it in self._readers.values() if it.staff is asking.staff)
        if pages.total() < self._most:
            return
        ((most, number),) = pages.most_common(1)
        if number <= pages[asking] + 1:
            raise Unavailable(_FULL, retry_after=_RETRY)
        loser = next(reader for reader, client in self._readers.items() if client == most)
        del self._readers[loser]
        loser.close()

    def _tell(self, topics: AbstractSet[str]) -> None:
        for reader in self._readers:
            reader.hear(topics)

    def _end(self) -> None:
        for reader in self._readers:
            reader.close()

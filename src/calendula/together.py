"""What is asked for at one time is done at one time: it costs a database little more than one."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Semaphore, Thread
from typing import Generic, TypeVar

from calendula import metrics, traces
from calendula.errors import CalendulaError, Unavailable

_MOST_WAITING = 2000
_FAREWELL = 1.0  # seconds; who waits longer for a database was told that nobody knows
_Wish = TypeVar("_Wish")
_Outcome = TypeVar("_Outcome")
_Asked = tuple[_Wish, asyncio.Future[_Outcome]]


class Together(Generic[_Wish, _Outcome]):
    """A thread that does what has come together while it did what was before.

    It begins when a turn of the loop has brought no more: who was answered a moment ago is about to
    ask again, and that costs nobody anything. `act` is given as many wishes as there are, up to
    `most`, and returns their outcomes in the same order, of which an error is raised to who wished;
    what it raises, all of them are given.
    """

    def __init__(
        self,
        name: str,
        most: int,
        act: Callable[[Sequence[_Wish]], Sequence[_Outcome | CalendulaError]],
    ) -> None:
        self.name = name
        self._most = most
        self._act = act
        self._waiting: deque[_Asked[_Wish, _Outcome]] = deque()
        self._watched: set[asyncio.AbstractEventLoop] = set()
        self._bell = Semaphore(0)
        self._busy = False
        self._thread: Thread | None = None
        self._opened = 0

    def open(self) -> None:
        """Take wishes from now on, from any loop, until it is closed as often as it was opened."""
        self._opened += 1
        if self._thread is None:
            self._thread = Thread(target=self._run, name=f"calendula-{self.name}", daemon=True)
            self._thread.start()

    async def ask(self, wish: _Wish) -> _Outcome:
        """Return the outcome of a wish, or raise it. Raises Unavailable where too many wait."""
        if not self._opened or len(self._waiting) >= _MOST_WAITING:
            raise Unavailable("The service is busy. Try again in a moment.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Outcome] = loop.create_future()
        self._waiting.append((wish, future))
        self._watch(loop)
        return await future

    @property
    def waiting(self) -> int:
        """How many wishes nobody has begun with."""
        return len(self._waiting)

    def close(self) -> None:
        """Do what is wished for already, if that can be done in a moment, and take no wishes."""
        self._opened -= 1
        if self._thread is not None and not self._opened:
            self._bell.release()
            self._thread.join(_FAREWELL)
            self._thread = None

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the thread begin, unless it is busy, when a turn of the loop brings no more."""
        if loop not in self._watched:
            self._watched.add(loop)
            loop.call_soon(self._look, loop, 0)

    def _look(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        waiting = len(self._waiting)
        if before < waiting < self._most and not self._busy:
            loop.call_soon(self._look, loop, waiting)
            return
        self._watched.discard(loop)
        if waiting and not self._busy:
            self._busy = True
            self._bell.release()

    def _run(self) -> None:
        while self._opened:
            self._bell.acquire()
            self._do_some()
        while self._waiting:
            self._do_some()

    def _do_some(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        if not batch:
            return
        outcomes: Sequence[_Outcome | BaseException]
        started = time.perf_counter()
        try:
            with traces.span(self.name, count=len(batch)):
                outcomes = self._act([wish for wish, _ in batch])
        except BaseException as error:  # noqa: BLE001 - whoever waits must be told
            outcomes = [error] * len(batch)
        metrics.batch(self.name, len(batch), time.perf_counter() - started)
        self._busy = False
        told = 0
        for loop in {future.get_loop() for _, future in batch}:
            with suppress(RuntimeError):  # it has been closed: nobody waits any more
                loop.call_soon_threadsafe(self._tell, loop, batch, outcomes)
                told += 1
        if not told and self._waiting:  # of another loop, which saw that there was much to do
            self._bell.release()

    def _tell(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[_Asked[_Wish, _Outcome]],
        outcomes: Sequence[_Outcome | BaseException],
    ) -> None:
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if future.get_loop() is not loop or future.done():
                continue  # another loop's, or nobody waits for it any more
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        if self._waiting:
            self._watch(loop)

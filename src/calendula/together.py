"""What is asked for at one time is done at one time: it costs a database little more than one."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from time import sleep
from typing import Generic, TypeVar

from calendula.errors import Unavailable

_MOST_WAITING = 2000
_A_MOMENT = 0.0005  # seconds
_Wish = TypeVar("_Wish")
_Outcome = TypeVar("_Outcome")
_Asked = tuple[_Wish, asyncio.Future[_Outcome]]


class Together(Generic[_Wish, _Outcome]):
    """A thread that does what has piled up while it did what was before.

    `act` is given as many wishes as there are, up to `most`, and returns their outcomes in the same
    order; what it raises, all who wished are given.
    """

    def __init__(
        self, name: str, most: int, act: Callable[[Sequence[_Wish]], Sequence[_Outcome]]
    ) -> None:
        self._name = name
        self._most = most
        self._act = act
        self._queue: SimpleQueue[_Asked[_Wish, _Outcome] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._opened = 0
        self._many = False

    def open(self) -> None:
        """Take wishes from now on, from any loop, until it is closed as often as it was opened."""
        self._opened += 1
        if self._thread is None:
            self._thread = Thread(target=self._run, name=f"calendula-{self._name}", daemon=True)
            self._thread.start()

    async def ask(self, wish: _Wish) -> _Outcome:
        """Return the outcome of a wish. Raises Unavailable where too many are waiting."""
        if not self._opened or self._queue.qsize() >= _MOST_WAITING:
            raise Unavailable("The service is busy. Try again in a moment.")
        future: asyncio.Future[_Outcome] = asyncio.get_running_loop().create_future()
        self._queue.put((wish, future))
        return await future

    def close(self) -> None:
        """Do what is wished for already, and take no wishes."""
        self._opened -= 1
        if self._thread is not None and not self._opened:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while batch := self._take():
            outcomes: Sequence[_Outcome | BaseException]
            try:
                outcomes = self._act([wish for wish, _ in batch])
            except BaseException as error:  # noqa: BLE001 - whoever waits must be told
                outcomes = [error] * len(batch)
            for loop in {future.get_loop() for _, future in batch}:
                with suppress(RuntimeError):  # it has been closed: nobody waits any more
                    loop.call_soon_threadsafe(_tell, loop, batch, outcomes)

    def _take(self) -> list[_Asked[_Wish, _Outcome]]:
        """Wait for a wish and return it with what waits behind it; nothing at the end."""
        batch: list[_Asked[_Wish, _Outcome]] = []
        while (asked := self._queue.get()) is not None:
            if self._many and not batch:
                self._wait_for_others()
            batch.append(asked)
            if len(batch) == self._most or self._queue.empty():
                self._many = len(batch) > 1
                return batch
        if batch:
            self._queue.put(None)  # the end comes behind this batch
        return batch

    def _wait_for_others(self) -> None:
        """Wait while more keep coming: who was answered a moment ago is about to ask again.

        It costs nobody anything where many come, and is not done where they come one by one.
        """
        before = -1
        while before < (waiting := self._queue.qsize()) < self._most:
            before = waiting
            sleep(_A_MOMENT)


def _tell(
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

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from threading import Event
from typing import Any

import pytest

from calendula import together
from calendula.errors import Unavailable
from calendula.together import Together

_PATIENCE = 10  # seconds until a test gives up


def _run(
    act: Callable[[Sequence[int]], Sequence[int]],
    ask: Callable[[Together[int, int]], Coroutine[Any, Any, Any]],
    most: int = 8,
) -> Any:
    """Return what is asked for of a thread that does this."""

    async def asking() -> Any:
        thread: Together[int, int] = Together("test", most, act)
        thread.open()
        try:
            return await asyncio.wait_for(ask(thread), _PATIENCE)
        finally:
            thread.close()

    return asyncio.run(asking())


def _double(wishes: Sequence[int]) -> list[int]:
    return [2 * wish for wish in wishes]


def test_each_is_told_their_own_outcome() -> None:
    """However wishes are put together, everybody gets what they asked for."""

    async def ask(thread: Together[int, int]) -> list[int]:
        return await asyncio.gather(*map(thread.ask, range(100)))

    assert _run(_double, ask) == [2 * number for number in range(100)]


def test_what_waits_is_done_at_once() -> None:
    """What comes while something is being done is done together, and never more than may be."""
    busy, seen = Event(), []

    def act(wishes: Sequence[int]) -> list[int]:
        busy.wait(_PATIENCE)
        seen.append(list(wishes))
        return _double(wishes)

    async def ask(thread: Together[int, int]) -> None:
        first = asyncio.create_task(thread.ask(0))
        await asyncio.sleep(0)
        others = [asyncio.create_task(thread.ask(number)) for number in range(1, 20)]
        await asyncio.sleep(0)
        busy.set()
        await asyncio.gather(first, *others)

    _run(act, ask)
    assert [number for batch in seen for number in batch] == list(range(20))
    assert len(seen) < 20
    assert max(map(len, seen)) <= 8


def test_what_goes_wrong_is_told_to_all_and_ends_nothing() -> None:
    """An error reaches everybody of its batch; the next wish is done as ever."""

    def act(wishes: Sequence[int]) -> list[int]:
        if 0 in wishes:
            raise LookupError("nothing")
        return _double(wishes)

    async def ask(thread: Together[int, int]) -> int:
        with pytest.raises(LookupError):
            await thread.ask(0)
        return await thread.ask(4)

    assert _run(act, ask) == 8


def test_whoever_stays_away_keeps_nobody_from_an_answer() -> None:
    """A caller who is gone before the answer comes does not disturb the others."""
    busy = Event()

    def act(wishes: Sequence[int]) -> list[int]:
        busy.wait(_PATIENCE)
        return _double(wishes)

    async def ask(thread: Together[int, int]) -> int:
        gone = asyncio.create_task(thread.ask(1))
        other = asyncio.create_task(thread.ask(2))
        await asyncio.sleep(0)
        gone.cancel()
        busy.set()
        return await other

    assert _run(act, ask) == 4


def test_too_many_are_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would wait behind too many is told so at once."""
    monkeypatch.setattr(together, "_MOST_WAITING", 2)
    busy = Event()

    def act(wishes: Sequence[int]) -> list[int]:
        busy.wait(_PATIENCE)
        return _double(wishes)

    async def ask(thread: Together[int, int]) -> list[int | BaseException]:
        tasks = [asyncio.create_task(thread.ask(number)) for number in range(10)]
        await asyncio.sleep(0)
        busy.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = _run(act, ask)
    refused = [number for number, it in enumerate(outcomes) if isinstance(it, Unavailable)]
    assert 0 < len(refused) < 10
    assert all(it == 2 * number for number, it in enumerate(outcomes) if number not in refused)


def test_the_end_comes_behind_what_was_asked_for() -> None:
    """What was asked for before the end is done; what is asked for behind it is refused."""

    async def ask(thread: Together[int, int]) -> list[int]:
        tasks = [asyncio.create_task(thread.ask(number)) for number in range(3)]
        await asyncio.sleep(0)
        thread.close()
        with pytest.raises(Unavailable):
            await thread.ask(1)
        thread.open()  # for the end of this test
        return await asyncio.gather(*tasks)

    assert _run(_double, ask) == [0, 2, 4]

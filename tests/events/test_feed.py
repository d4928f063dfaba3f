"""What open pages hear, of what, and how much of it they keep."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from calendula.database import EVERYTHING
from calendula.errors import Unavailable
from calendula.events.feed import Feed, Reader

MEI, LENA = UUID(int=1), UUID(int=2)
ANNA, GREEDY = "anna", "greedy"  # whose pages they are
PATIENCE = 10.0  # seconds; a hint takes none

Scene = Callable[[Feed], Coroutine[Any, Any, None]]


def _play(scene: Scene, *, most: int = 10) -> None:
    """Let a scene happen on a loop, with a feed that is open there."""

    async def play() -> None:
        feed = Feed(most)
        feed.open()
        await asyncio.wait_for(scene(feed), PATIENCE)

    asyncio.run(play(), debug=True)  # in which a loop minds what another thread does to it


def _publish(feed: Feed, *topics: UUID | str) -> None:
    """Tell of topics from another thread, as requests do."""
    thread = Thread(target=feed.publish, args=({str(it) for it in topics},))
    thread.start()
    thread.join()


async def _heard(reader: Reader, count: int) -> set[str]:
    return {await anext(reader) for _ in range(count)}


def test_a_page_hears_its_doctor_and_the_whole_clinic() -> None:
    """A page hears what is about its doctor or everybody, in turn, and of no other doctor."""

    async def scene(feed: Feed) -> None:
        with feed.subscribe(MEI, ANNA) as reader:
            _publish(feed, LENA)
            _publish(feed, MEI)
            _publish(feed, EVERYTHING)
            assert [await anext(reader) for _ in range(2)] == [str(MEI), EVERYTHING]

    _play(scene)


def test_who_names_no_doctor_hears_everything() -> None:
    """The page that shows all doctors hears of each, and of the whole clinic."""

    async def scene(feed: Feed) -> None:
        with feed.subscribe(None, ANNA) as reader:
            _publish(feed, MEI, LENA, EVERYTHING)
            assert await _heard(reader, 3) == {str(MEI), str(LENA), EVERYTHING}

    _play(scene)


def test_a_slow_page_finds_each_topic_once() -> None:
    """However often something changes while a page is slow, it takes no more room, and no less."""

    async def scene(feed: Feed) -> None:
        with feed.subscribe(None, ANNA) as reader:
            for _ in range(1000):
                _publish(feed, MEI)
                _publish(feed, LENA)
            assert [await anext(reader) for _ in range(2)] == [str(MEI), str(LENA)]
            _publish(feed, EVERYTHING)
            assert await anext(reader) == EVERYTHING

    _play(scene)


def test_a_page_that_waits_is_woken() -> None:
    """A page that has nothing to hear waits until there is something, from whatever thread."""

    async def scene(feed: Feed) -> None:
        with feed.subscribe(MEI, ANNA) as reader:
            waiting = asyncio.ensure_future(anext(reader))
            await asyncio.sleep(0)
            assert not waiting.done()
            _publish(feed, MEI)
            assert await waiting == str(MEI)

    _play(scene)


def test_there_are_no_more_pages_than_may_be() -> None:
    """One page too many is told when to come again, and may once another has gone."""

    async def scene(feed: Feed) -> None:
        with ExitStack() as pages:
            pages.enter_context(feed.subscribe(MEI, ANNA))
            with feed.subscribe(LENA, ANNA), pytest.raises(Unavailable) as refused:
                pages.enter_context(feed.subscribe(LENA, ANNA))
            assert refused.value.retry_after == 30
            pages.enter_context(feed.subscribe(LENA, ANNA))

    _play(scene, most=2)


def test_the_staff_has_room_of_its_own() -> None:
    """However many pages the public opens, the desk hears; and it takes nothing from them."""

    async def scene(feed: Feed) -> None:
        with feed.subscribe(MEI, ANNA), feed.subscribe(None, ANNA, staff=True) as desk:
            _publish(feed, MEI)
            assert await anext(desk) == str(MEI)
            with pytest.raises(Unavailable), feed.subscribe(MEI, ANNA):
                pass

    _play(scene, most=1)


def test_who_has_most_pages_makes_room() -> None:
    """Where there is no room, one of those with the most pages loses one, and only to who has less.

    Whoever opens all that there may be does not keep anybody else from being kept up to date.
    """

    async def scene(feed: Feed) -> None:
        with ExitStack() as pages:
            greedy = [pages.enter_context(feed.subscribe(MEI, GREEDY)) for _ in range(4)]
            anna = [pages.enter_context(feed.subscribe(MEI, ANNA)) for _ in range(2)]
            assert [[it async for it in each] for each in greedy[:2]] == [[], []]
            for client in ANNA, GREEDY:
                with pytest.raises(Unavailable), feed.subscribe(MEI, client):
                    pass
            _publish(feed, MEI)
            for each in greedy[2:] + anna:
                assert await anext(each) == str(MEI)

    _play(scene, most=4)


def test_closing_ends_every_page_at_once() -> None:
    """Whoever waits, and whoever has hints left to hear, comes to an end; nobody new is taken."""

    async def scene(feed: Feed) -> None:
        with feed.subscribe(MEI, ANNA) as waits, feed.subscribe(LENA, ANNA) as has_hints:
            waiting = asyncio.ensure_future(anext(waits))
            _publish(feed, LENA)
            await asyncio.sleep(0)
            closing = Thread(target=feed.close)
            closing.start()
            closing.join()
            with pytest.raises(Unavailable), feed.subscribe(MEI, ANNA):
                pass
            with pytest.raises(StopAsyncIteration):
                await waiting
            assert [it async for it in has_hints] == []
        feed.close()

    _play(scene)


def test_a_feed_that_is_not_open_takes_nobody() -> None:
    """Before it is opened a feed has no pages, and hints for them go nowhere."""
    feed = Feed(1)
    with pytest.raises(Unavailable), feed.subscribe(MEI, ANNA):
        pass
    feed.publish({EVERYTHING})
    feed.close()

"""Hints to the desk's open pages that something has changed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from calendula.access.guard import CallerOfRequest
from calendula.events.feed import Reader
from calendula.pages.desk.desk import DESK, DeskRoute
from calendula.pages.live.routes import FeedOfApp, stream

_LASTS = 300.0  # seconds; the browser asks again, and the guard looks at the session again

router = APIRouter(route_class=DeskRoute)


async def _of_caller(
    feed: FeedOfApp, caller: CallerOfRequest, response: Response
) -> AsyncIterator[Reader]:
    response.headers["Cache-Control"] = "no-store"
    with feed.subscribe(caller.doctor_id, caller.actor, staff=True) as reader:
        ending = asyncio.get_running_loop().call_later(_LASTS, reader.close)
        try:
            yield reader
        finally:
            ending.cancel()


@router.get(f"{DESK}/live", response_class=EventSourceResponse)
async def desk_live(
    reader: Annotated[Reader, Depends(_of_caller)],
) -> AsyncIterator[ServerSentEvent]:
    """Tell the desk that something of any doctor has changed; a doctor, something of theirs."""
    async for event in stream(reader):
        yield event

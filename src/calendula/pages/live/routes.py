"""Hints to open pages: server-sent events that say that something has changed, and not what."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from calendula.events.feed import Feed, Reader
from calendula.http.clients import network_of
from calendula.http.dependencies import KnownQuery
from calendula.http.fields import Id
from calendula.http.routing import Route

_RETRY = 2000  # milliseconds until the browser connects anew

router = APIRouter(route_class=Route, include_in_schema=False, dependencies=[KnownQuery])


async def _feed(request: Request) -> Feed:
    feed: Feed = request.app.state.feed
    return feed


FeedOfApp = Annotated[Feed, Depends(_feed)]


async def _of_doctor(
    feed: FeedOfApp, request: Request, response: Response, doctor: Annotated[Id, Query()]
) -> AsyncIterator[Reader]:
    response.headers["Cache-Control"] = "no-store"
    with feed.subscribe(doctor, network_of(request)) as reader:
        yield reader


async def stream(reader: Reader) -> AsyncIterator[ServerSentEvent]:
    """Give a reader's hints as events: `changed`, with the id of a doctor, or `*` for everybody.

    While there are none, FastAPI sends a comment every 15 seconds, so that no proxy hangs up.
    """
    yield ServerSentEvent(comment="live", retry=_RETRY)
    async for topic in reader:
        yield ServerSentEvent(event="changed", raw_data=topic)


@router.get("/live", response_class=EventSourceResponse)
async def live(
    reader: Annotated[Reader, Depends(_of_doctor)],
) -> AsyncIterator[ServerSentEvent]:
    """Tell a page that something of its doctor, or of the whole clinic, has changed.

    A doctor who does not exist is never heard of. No connection of the database is held.
    """
    async for event in stream(reader):
        yield event

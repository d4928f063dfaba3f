from collections.abc import AsyncIterator, Callable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Receive, Scope, Send

from calendula import __version__, logs, sampling, traces
from calendula.access import roles
from calendula.access import routes as access
from calendula.access.guard import authorise
from calendula.audit import routes as audit
from calendula.availability import routes as availability
from calendula.availability.kept import Kept
from calendula.availability.search import routes as search
from calendula.availability.search.index import Index
from calendula.booking import routes as booking
from calendula.classic import routes as classic
from calendula.classic.bookings import Bookings
from calendula.classic.counter import Counter
from calendula.classic.front import FRONT, Given
from calendula.classic.lookups import Lookups
from calendula.clinic import routes as clinic
from calendula.database import Database
from calendula.events.feed import Feed
from calendula.http import headers, health, openapi, problems, routing, scrape, stopping
from calendula.http.connections import CONNECTIONS, Connections
from calendula.http.cors import ApiCors
from calendula.http.limits import Limits, RateLimit
from calendula.http.middleware import BodyLimit, NeverCached, RequestLog
from calendula.http.sharing import shared
from calendula.imports import routes as imports
from calendula.imports.table import MAX_FILE
from calendula.pages import assets
from calendula.pages import routes as pages
from calendula.pages.page import answer_refused, answer_unknown_path
from calendula.settings import Settings
from calendula.timetables.memory import Memory

_THREADS_A_CONNECTION = 4  # who waits for a connection waits in a thread, and has a time-out there
_REMEMBERED = 20_000  # doctors, and answers about them
_DESK = "/desk"
_FOR_SCRIPTS = ("/v1", *classic.FAILURE_MESSAGES)  # where no page is
_API = (
    classic.router,
    availability.router,
    search.router,
    *booking.ROUTERS,
    *clinic.ROUTERS,
    audit.router,
    imports.router,
    access.router,
    health.router,
)
# It would tell of exceptions in their own words, which may hold personal data; and where nobody
# listens, it still looks for somebody three times a request.
_UNWATCHED = TelemetryConfig(tracing=False, metrics=False, logs=False)
_DESCRIPTION = "Books appointments with doctors. Two patients never get the same slot."


class _Service(FastAPI):
    """FastAPI's app, which asks `first` before all: by default, itself."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.first: ASGIApp = super().__call__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan (ASGI)."""
        scope["app"] = self
        await self.first(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the service, wired up; by default with the settings of the environment.

    Its database must have been migrated: `calendula serve` and `calendula migrate` see to that.
    """
    settings = settings or Settings.load()
    logs.configure(settings.log_format)
    traces.start()
    database = Database.from_settings(settings)
    feed, limits = Feed(settings.live_streams), Limits(settings)
    memory, kept = Memory(_REMEMBERED), Kept(_REMEMBERED)
    lookups = Lookups(database, memory, kept, past=settings.open_clinic)
    bookings = Bookings(database, memory, settings)

    def hear(topics: AbstractSet[str]) -> None:
        kept.forget(topics)
        feed.publish(topics)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, object]]:
        threads = to_thread.current_default_thread_limiter()
        threads.total_tokens = _THREADS_A_CONNECTION * settings.pool_size
        feed.open()
        lookups.thread.open()
        bookings.thread.open()
        bookings.edits.open()
        with (
            traces.sent(),
            closing(database),
            closing(lookups.thread),
            closing(bookings.thread),
            closing(bookings.edits),
            closing(feed),
            shared(settings.rate_store, limits.meters),
            stopping.first(feed.close),
        ):
            database.hold()
            database.hints.listen(hear)
            async with sampling.of(database, feed, kept, (lookups.thread, bookings.thread)):
                yield {
                    FRONT: Given.of(settings, kept, limits),
                    CONNECTIONS: Connections(settings),
                    headers.WRITTEN: headers.write(headers.of_plain(settings)),
                }

    app = _Service(
        title="Calendula",
        version=__version__,
        description=_DESCRIPTION,
        license_info={"name": "MIT", "identifier": "MIT"},
        lifespan=lifespan,
        dependencies=[Depends(authorise)],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_UNWATCHED,
        servers=[{"url": settings.public_url}] if settings.public_url else None,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.feed = feed
    app.state.limits = limits
    app.state.index = Index(memory)
    problems.install(app, classic.FAILURE_MESSAGES)
    app.add_exception_handler(404, answer_unknown_path)
    openapi.install(app, roles.needed)
    app.add_middleware(BodyLimit, larger={imports.PATH: MAX_FILE})
    app.add_middleware(NeverCached, under=_DESK)
    layers = _layers(settings, limits)
    for layer in reversed(layers):
        app.add_middleware(layer)
    app.first = Counter(
        app.first,
        layers=layers,
        settings=settings,
        limits=limits,
        lookups=lookups,
        bookings=bookings,
    )
    if traces.on():
        app.first = traces.Traced(app.first)
    routing.serve(app, _API)
    routing.serve(app, (scrape.router, *pages.ROUTERS), in_schema=False)
    return app


def _layers(settings: Settings, limits: Limits) -> list[Callable[[ASGIApp], ASGIApp]]:
    """Return what is around all that is answered, the outermost first."""
    origins, proxied = settings.cors_origins, bool(settings.trusted_proxies)
    cors = [partial(ApiCors, origins=origins, under=_FOR_SCRIPTS)] if origins else []
    rates = partial(
        RateLimit,
        limits=limits,
        refuse=answer_refused,
        files=assets.paths(),
        trusts_proxies=proxied,
    )
    return [partial(headers.AnswerHeaders, settings=settings), *cors, RequestLog, rates]

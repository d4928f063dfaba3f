"""How often somebody may ask. Each answer tells what is left of it.

RateLimit and RateLimit-Policy are those of draft-ietf-httpapi-ratelimit-headers-11.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import structlog
from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calendula.errors import CalendulaError, TooManyRequests
from calendula.http.caps import Client
from calendula.http.clients import network_of
from calendula.meter import Meter, Taken
from calendula.settings import Settings

EXEMPT = {"/healthz", "/readyz"}
"""The paths of probes, which may come as often as they like."""
_MINUTE, _DAY = 60, 24 * 60 * 60  # seconds
_READING = {"GET", "HEAD", "OPTIONS"}
FORWARDED = frozenset({b"forwarded", b"x-forwarded-for"})
"""The headers of proxies."""
_log = structlog.get_logger("calendula.limits")
RATES = "rates"
"""The name in a request's scope of what it has taken of each rate, which it takes once."""


class Limits:
    """What every client and every key may do in a while, and what they have done."""

    def __init__(self, settings: Settings) -> None:
        self._requests = Meter("requests", settings.rate_requests, _MINUTE)
        self._changes = Meter("changes", settings.rate_changes, _MINUTE)
        self._keys = Meter("key", settings.rate_requests, _MINUTE)
        self._failures = Meter("failures", settings.rate_failures, _MINUTE)
        self._slots = Meter("slots", settings.slots_per_client, _DAY)
        self._days = Meter("slots-of-a-day", settings.slots_per_client_and_day, _DAY)
        self._contacts = Meter("contact", settings.slots_per_contact, _DAY)
        self.meters = (
            *(self._requests, self._changes, self._keys, self._failures),
            *(self._slots, self._days, self._contacts),
        )

    def take(self, network: str, method: str) -> list[Taken]:
        """Count a request of a client; return what it takes of each rate."""
        wanted = [self._requests] if method in _READING else [self._requests, self._changes]
        return [meter.take(network) for meter in wanted if meter.most]

    def take_key(self, request: Request, key_id: UUID) -> None:
        """Count a request with a good key, from wherever it comes; raise TooManyRequests."""
        if self._keys.most:
            taken = self._keys.take(str(key_id))
            request.scope[RATES].append(taken)
            _refuse([taken])

    @contextmanager
    def guessing(self, request: Request, *wrong: type[CalendulaError]) -> Iterator[None]:
        """Count where a key or a token is wrong, which raises; after too many, look at none.

        Raises TooManyRequests.
        """
        network = network_of(request.scope)
        _refuse([self._failures.look(network)])
        try:
            yield
        except wrong:
            self._failures.take(network)
            raise

    def client(self, network: str) -> Client:
        """Return who may take slots from a network."""
        return Client(network, self._slots, self._days, self._contacts)


def limits_of(request: Request) -> Limits:
    """Return the app's limits."""
    limits: Limits = request.app.state.limits
    return limits


class RateLimit:
    """Refuses requests of clients who have sent too many, and tells all how many they may send.

    `refuse` makes the answer of an error: a page, or a problem. `files` are the paths of what pages
    load, which do not count: a page that refuses needs its style too. `trusts_proxies` says whether
    one may tell for whom it asks.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        refuse: Callable[[Request, Exception], Awaitable[Response]],
        *,
        files: Iterable[str],
        trusts_proxies: bool,
    ) -> None:
        self.app = app
        self.limits = limits
        self.refuse = refuse
        self.exempt = EXEMPT.union(files)
        self.trusts_proxies = trusts_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        if scope["type"] != "http" or path in self.exempt:
            await self.app(scope, receive, send)
            return
        self._notice_proxy(scope)
        if RATES not in scope:
            scope[RATES] = self.limits.take(network_of(scope), scope["method"])
        taken = scope[RATES]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", []).extend(fields(taken))
            await send(message)

        try:
            _refuse(taken)
        except TooManyRequests as error:
            refusal = await self.refuse(Request(scope), error)
            await refusal(scope, receive, answer)
        else:
            await self.app(scope, receive, answer)

    def _notice_proxy(self, scope: Scope) -> None:
        """Tell the operator once that all of a proxy's clients are one, as long as none is trusted.

        What the header says is not looked at: anybody may have sent it.
        """
        if not self.trusts_proxies and any(name in FORWARDED for name, _ in scope["headers"]):
            self.trusts_proxies = True
            _log.warning(
                "A request came through a proxy, or says so. If there is one, set "
                "CALENDULA_TRUSTED_PROXIES to its address: all its clients share one limit."
            )


def fields(taken: Sequence[Taken]) -> list[tuple[bytes, bytes]]:
    """Return the headers that tell what a client may do, and what is left of it."""
    if not taken:
        return []
    policies = b", ".join([it.meter.policy for it in taken])
    left = b", ".join([b"%b;r=%d;t=%d" % (it.meter.label, it.left, it.reset) for it in taken])
    return [(b"ratelimit-policy", policies), (b"ratelimit", left)]


def _refuse(taken: Iterable[Taken]) -> None:
    resets = [it.reset for it in taken if not it.ok]
    if resets:
        raise TooManyRequests(
            "So many requests came already. Try again in a moment.", retry_after=max(resets)
        )

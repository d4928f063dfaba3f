"""Which other sites' scripts may use the API (Fetch, CORS): none, but those of the settings."""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ASKED_WITH = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-ID")
ANSWERED_WITH = (
    "Content-Disposition",
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)


class ApiCors(CORSMiddleware):
    """Lets the scripts of some origins use what is under some paths, and no page of any other.

    Never with credentials: a key is a bearer token, which the script must have itself. The cookie
    of the desk opens nothing of the API, and no other site's request brings it along.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str], under: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=ASKED_WITH,
            expose_headers=ANSWERED_WITH,
        )
        self._under = under

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        ours = any(path == it or path.startswith(f"{it}/") for it in self._under)
        await (super().__call__ if ours else self.app)(scope, receive, send)

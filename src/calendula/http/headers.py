"""What every answer tells browsers and caches that they may do with it: the one place for it."""

from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from calendula.settings import Settings

WRITTEN = "headers"
"""The name in the lifespan's state of the lines for who writes an answer without the app."""

PAGE: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
}
"""What a page says, which loads and sends more than other answers do."""

_DEFAULTS: Mapping[str, str] = {
    # Of an answer that no page is made of, nothing is run and nothing is shown.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # No page of another site has it as an image or a script; what CORS allows is not meant by this.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # whoever means that theirs may be kept says so
}
_DAY = 24 * 60 * 60  # seconds


class AnswerHeaders:
    """Says of each answer, whoever gives it, what it does not say itself."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._ours = common(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                said = {name for name, _ in headers}
                message["headers"] = [*headers, *(it for it in self._ours if it[0] not in said)]
            await send(message)

        await self.app(scope, receive, answer)


def common(settings: Settings) -> list[tuple[bytes, bytes]]:
    """Return the defaults; where people come by HTTPS, that they never come without (RFC 6797).

    A browser that comes without all the same must pay no heed to that.
    """
    said = dict(_DEFAULTS)
    if (settings.public_url or "").startswith("https:"):
        said["Strict-Transport-Security"] = f"max-age={settings.hsts_days * _DAY}"
    return [(name.lower().encode(), value.encode()) for name, value in said.items()]


def of_plain(settings: Settings) -> list[tuple[bytes, bytes]]:
    """Return what an answer that is not the app's says, to a request that is not apart."""
    return [*common(settings), *([(b"vary", b"Origin")] if settings.cors_origins else [])]


def write(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % it for it in fields])

"""JSON that is read strictly: no surprise in a body reaches the code behind it."""

import json
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response

from calendula.http.routing import Route


class JsonRoute(Route):
    """A route whose body is JSON (RFC 8259), as UTF-8, or is refused: 415, 400 or 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's own handler."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def handle(request: Request) -> Response:
            request = _JsonRequest(request.scope, request.receive)
            if await request.body() and not _is_json(request.headers.get("content-type", "")):
                raise HTTPException(415, "The body must be JSON, sent as application/json")
            return await handler(request)

        return handle


class _JsonRequest(Request):
    async def json(self) -> Any:
        return parse(await self.body())


def parse(body: bytes) -> Any:
    """Return the value of a JSON document.

    Raises HTTPException: 400 for what is no JSON, 422 for JSON that holds what no text or number
    can be (a lone surrogate, NaN).
    """
    try:
        text = body.decode("utf-8")
        value = _READER.decode(text)
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, a number too long, too deep
        raise HTTPException(400, "The body is not readable as JSON in UTF-8") from error
    if "\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def _is_json(content_type: str) -> bool:
    message = Message()
    message["content-type"] = content_type
    kind, subtype = message.get_content_maintype(), message.get_content_subtype()
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def _refuse_constant(_name: str) -> NoReturn:
    raise HTTPException(422, "The body holds a number that JSON does not have")


_READER = json.JSONDecoder(parse_constant=_refuse_constant)


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise HTTPException(422, "The body holds half a character") from error

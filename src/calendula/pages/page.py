"""What is common to all pages: their errors are pages too, and what a browser may do with them."""

import gzip
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from calendula.access import guard
from calendula.errors import CalendulaError, Invalid
from calendula.http import headers, problems
from calendula.http.routing import Route
from calendula.pages import sentences
from calendula.pages.reader import Reader

_WORTH_COMPRESSING = 1000  # bytes
_FORM = "application/x-www-form-urlencoded"
_OTHER_SITES = {"cross-site", "same-site"}  # the latter is another host of the same domain


class PageRoute(Route):
    """A route that answers with a page, whatever happens."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's own handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                _refuse_other_sites(request)
                _refuse_other_bodies(request)
                response = await handler(request)
            except Exception as error:  # noqa: BLE001 - whoever looks at a page gets a page
                response = await run_in_threadpool(self._answer, request, error)
            return _finish(request, response)

        return handle

    def _answer(self, request: Request, error: Exception) -> Response:
        guard.record_denial_in(request, error)
        return self.answer_error(request, error)

    def answer_error(self, request: Request, error: Exception) -> Response:
        """Return the page that tells what went wrong. It may ask the database."""
        return show_error(request, error)


def show_error(
    request: Request, error: Exception, template: str = "error.html", **context: Any
) -> Response:
    """Return the page that tells what went wrong, in the reader's words.

    The `template` has these words as `told`, and the `context`.
    """
    status = _status(request, error)
    reader = Reader(request)
    told = sentences.of(reader, error, status)
    later = problems.retry_after(error)
    return reader.show(template, status, later, told=told, **context)


async def answer_refused(request: Request, error: Exception) -> Response:
    """Return the answer to a request that nothing looks at: to a browser, a page."""
    if "text/html" in request.headers.get("accept", ""):
        return _finish(request, await run_in_threadpool(show_error, request, error))
    return await problems.answer_domain_error(request, error)


async def answer_unknown_path(request: Request, error: Exception) -> Response:
    """Return the answer to a request for what is not there: to a browser, a page."""
    if "text/html" in request.headers.get("accept", ""):
        return _finish(request, show_error(request, error))
    return await problems.answer_http_error(request, error)


def see(path: str, request: Request) -> RedirectResponse:
    """Return the answer that sends a browser to another page (303)."""
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}{path}", HTTPStatus.SEE_OTHER.value)


def _status(request: Request, error: Exception) -> int:
    if isinstance(error, CalendulaError):
        return int(problems.noted(request, error))
    if isinstance(error, RequestValidationError):
        return HTTPStatus.UNPROCESSABLE_ENTITY.value
    if isinstance(error, HTTPException):
        return error.status_code
    request.state.unforeseen = error  # for the log
    return HTTPStatus.INTERNAL_SERVER_ERROR.value


def _refuse_other_sites(request: Request) -> None:
    """Take no form from another site's page (Fetch Metadata); a browser without it sends none."""
    if request.method != "GET" and request.headers.get("sec-fetch-site") in _OTHER_SITES:
        raise Invalid("The form was sent from another site.")


def _refuse_other_bodies(request: Request) -> None:
    """Take what the pages' forms send and nothing else.

    What comes as multipart names its own charset, be it one that makes half characters, or raises.
    """
    kind = request.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    if request.method != "GET" and kind != _FORM:
        raise Invalid("What was sent is no form of a page.")


def _finish(request: Request, response: Response) -> Response:
    for name, value in headers.PAGE.items():
        response.headers.setdefault(name, value)
    kept = "no-cache" if request.method == "GET" and response.status_code < 400 else "no-store"  # noqa: PLR2004
    response.headers.setdefault("Cache-Control", kept)
    response.headers.add_vary_header("Accept-Encoding")
    response.headers.add_vary_header("Accept-Language")
    response.headers.add_vary_header("Cookie")
    return _compress(request, response)


def _compress(request: Request, response: Response) -> Response:
    if not isinstance(response, HTMLResponse) or "gzip" not in request.headers.get(
        "accept-encoding", ""
    ):
        return response
    content = bytes(response.body)
    if len(content) >= _WORTH_COMPRESSING:
        response.body = gzip.compress(content, compresslevel=6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response

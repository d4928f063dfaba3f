import asyncio
import json
import logging
import sys
import threading
import traceback
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter as _Formatter

from calendula import clock, traces

_requests = structlog.get_logger("calendula.http")
_threads = structlog.get_logger("calendula.threads")
_as_json = False
_lines: deque[str] = deque()
_due_in: asyncio.AbstractEventLoop | None = None
"""The loop that writes the lines when its turn is over."""


class _Handler(logging.StreamHandler[TextIO]):
    def emit(self, record: logging.LogRecord) -> None:
        """Write a line behind those of the requests before it."""
        try:
            _write()
        except Exception:  # noqa: BLE001 - as the rest of it: who logs is told of no full disk
            self.handleError(record)
        super().emit(record)


def configure(log_format: Literal["text", "json"]) -> None:
    """Write structured lines to standard error, one an event, the libraries' among them."""
    global _as_json  # noqa: PLW0603 - logging's configuration is the process's too
    _as_json = log_format == "json"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _Formatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderers: list[structlog.typing.Processor] = [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the rich one shows local values
        )
    ]
    if log_format == "json":
        renderers = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    handler = _Handler()
    handler.setFormatter(
        _Formatter(
            foreign_pre_chain=shared,
            processors=[_Formatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    for earlier in [it for it in root.handlers if isinstance(it.formatter, _Formatter)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    if threading.excepthook is threading.__excepthook__:  # and nobody else's, such as a test's
        threading.excepthook = _tell_of_thread


def request(  # noqa: PLR0917 - the members of a line
    level: int,
    request_id: str,
    method: str,
    route: str | None,
    status: int | None,
    seconds: float,
    **trouble: Any,
) -> None:
    """Write the line of a request. The id must be free of quotes and backslashes.

    One of a request that went as it should is written by hand, as structlog would write it: that
    takes a fraction of the time, and most lines are of this kind. Those of one turn of the loop go
    out together at its end. Where somebody else has a handler at the root too, they get it like any
    other; and so it is where it has a trace's id.
    """
    if level > logging.INFO or traces.on() or len(logging.root.handlers) > 1:
        said = {"method": method, "route": route, "status": status}
        milliseconds = round(seconds * 1000, 1)
        _requests.log(
            level, "request", request_id=request_id, **said, milliseconds=milliseconds, **trouble
        )
        return
    second, fraction = divmod(clock.timestamp(), 1)
    at = f"{_second(second)}.{int(fraction * 1_000_000):06}"
    if _as_json:
        line = (
            f'{{"event": "request", "request_id": "{request_id}", {_json(method, route, status)}, '
            f'"milliseconds": {seconds * 1000:.1f}, "level": "info", "logger": "calendula.http", '
            f'"timestamp": "{at}Z"}}\n'
        )
    else:
        line = (
            f"{at}Z [info     ] request [calendula.http] request_id={request_id} method={method} "
            f"route={route} status={status} milliseconds={seconds * 1000:.1f}\n"
        )
    _lines.append(line)
    _let_be_written()


def _let_be_written() -> None:
    global _due_in  # noqa: PLW0603 - see above
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        _write()
    else:
        if _due_in is not loop:
            _due_in = loop
            loop.call_soon(_write)


def _write() -> None:
    global _due_in  # noqa: PLW0603 - see above
    _due_in = None
    lines = []
    with suppress(IndexError):  # another thread may be writing too
        while True:
            lines.append(_lines.popleft())
    if lines:
        sys.stderr.write("".join(lines))


def trouble(error: BaseException | None) -> dict[str, object]:
    """Return the type of an error and its place in the code, but never what it says."""
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": f"{type(error).__module__}.{type(error).__qualname__}",
        "sqlstate": getattr(getattr(error, "orig", None), "sqlstate", None),
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    }


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Write a line where an error has ended a thread: Python would write it in its own words."""
    name = ended.thread.name if ended.thread else None
    _threads.error("thread ended", thread=name, **trouble(ended.exc_value))


@lru_cache(maxsize=16)
def _second(timestamp: float) -> str:
    """Return a second as all lines of it have it: to write an instant takes longer than a line."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=1024)
def _json(method: str, route: str | None, status: int | None) -> str:
    """Return members of a line: most lines have those of another."""
    return json.dumps({"method": method, "route": route, "status": status})[1:-1]

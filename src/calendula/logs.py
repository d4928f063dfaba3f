import json
import logging
import sys
from typing import Any, Literal

import structlog
from structlog.stdlib import ProcessorFormatter as _Formatter

_requests = structlog.get_logger("calendula.http")
_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
_as_json = False


def configure(log_format: Literal["text", "json"]) -> None:
    """Write structured lines to standard error, one an event, the libraries' among them."""
    global _as_json  # noqa: PLW0603 - logging's configuration is the process's too
    _as_json = log_format == "json"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _stamp,
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
    handler = logging.StreamHandler()
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


def request(level: int, **members: Any) -> None:
    """Write the line of a request.

    One of a request that went as it should is written by hand, as structlog would write it: that
    takes a tenth of the time, and most lines are of this kind. Where somebody else has a handler at
    the root too, they get it like any other.
    """
    if level > logging.INFO or len(logging.root.handlers) > 1:
        _requests.log(level, "request", **members)
        return
    about = _stamp(None, "", {"level": "info", "logger": "calendula.http"})
    if _as_json:
        line = json.dumps({"event": "request", **members, **about})
    else:
        said = " ".join(f"{name}={value}" for name, value in members.items())
        line = f"{about['timestamp']} [info     ] request [calendula.http] {said}"
    sys.stderr.write(f"{line}\n")

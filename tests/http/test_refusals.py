"""What is refused before any app is asked can be seen by who runs the service."""

from typing import Any

import pytest

from calendula import logs, metrics
from calendula.http.middleware import RequestLog
from calendula.http.refusals import MAX_HEAD, MAX_URL
from calendula.settings import Settings
from support.small_server import (
    BOOKING,
    NEVER,
    SOON,
    answer,
    ask,
    check_problem,
    connect,
    get,
    read,
    serving,
)

NAME = "Zanzibar"


@pytest.fixture(autouse=True)
def configured() -> None:
    """The log is written as the service writes it."""
    logs.configure("text")


def _lines(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """Return the lines of requests so far, without what is another in each."""
    lines = [dict(it.msg) for it in caplog.records if it.name == "calendula.http"]  # type: ignore[arg-type]
    assert all(len(it.pop("request_id")) == 32 for it in lines)
    assert all(it.pop("timestamp") for it in lines)
    return lines


def _line(method: str, status: int) -> dict[str, Any]:
    said = {"event": "request", "level": "info", "logger": "calendula.http"}
    return {**said, "method": method, "route": None, "status": status, "milliseconds": 0.0}


def _counted(method: str, status: int) -> float:
    labels = {"method": method, "route": "none", "status": str(status)}
    return metrics.registry().get_sample_value("calendula_request_seconds_count", labels) or 0


@pytest.mark.parametrize(
    ("request_", "settings", "method", "status"),
    [
        (get(f"/{NAME}" + "x" * MAX_URL), NEVER, "GET", 414),
        (get(f"/{NAME}", "X: " + "x" * MAX_HEAD).replace(b"GET", b"PUT"), NEVER, "PUT", 431),
        (f"{NAME} no HTTP\r\n\r\n".encode(), NEVER, "unknown", 400),
        (b"POST", SOON, "unknown", 408),
        (f"POST /{NAME} HTTP/1.1\r\nX-Name: {NAME}".encode(), SOON, "POST", 408),
    ],
    ids=["address", "header", "no HTTP", "a part of a method", "a part of a head"],
)
def test_what_is_refused_is_one_line_and_counts(
    request_: bytes, settings: Settings, method: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Its status and, where it has come, its method are known; nothing else of it is written."""
    of = "other" if method == "unknown" else method
    before = _counted(of, status)
    with serving(settings=settings) as port:
        check_problem(ask(port, request_), status)
    assert _counted(of, status) == before + 1
    assert _lines(caplog) == [_line(method, status)]
    assert NAME not in caplog.text


def test_a_connection_too_many_counts(caplog: pytest.LogCaptureFixture) -> None:
    """A connection that is turned away is counted. It has no line: many would fill the log."""
    before = _counted("other", 429)
    one = Settings(request_timeout=600, connections_per_client=1)
    near = "127.0.0.2"
    with serving(settings=one) as port, connect(port, near), connect(port, near) as other:
        check_problem(read(other), 429)
    assert _counted("other", 429) == before + 1
    assert _lines(caplog) == []


def test_a_body_that_was_refused_is_one_line_and_counts_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The app has its request and tells of it: what the client was told, not what the app said."""
    before = _counted("POST", 408), _counted("POST", 200)
    with serving(RequestLog(answer), SOON) as port:
        check_problem(ask(port, BOOKING + b"1"), 408)
    assert (_counted("POST", 408), _counted("POST", 200)) == (before[0] + 1, before[1])
    (line,) = _lines(caplog)
    assert (line["method"], line["status"]) == ("POST", 408)

import asyncio
import errno
import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
import structlog

from calendula import clock, logs

NAME = "Asha"


@pytest.fixture(autouse=True)
def text_again() -> Iterator[None]:
    """Leave the logs as the other tests expect them."""
    yield
    logs.configure("text")


def test_json_lines_can_be_read_by_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """In JSON each event is one object on a line, the libraries' events among them."""
    logs.configure("json")
    structlog.get_logger("calendula").info("hello", number=1)
    logging.getLogger("library").warning("careful %s", "now")
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["number"], ours["level"]) == ("hello", 1, "info")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == (
        "careful now",
        "library",
        "warning",
    )
    assert ours["timestamp"].endswith("Z")


def test_text_lines_can_be_read_by_people(capsys: pytest.CaptureFixture[str]) -> None:
    """In text each event is one line that begins with its time and level."""
    logs.configure("text")
    structlog.get_logger("calendula").info("hello", number=1)
    (line,) = capsys.readouterr().err.splitlines()
    assert "[info" in line
    assert "hello" in line
    assert "number=1" in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_values(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A traceback that a library logs has places in the code, and no local variables."""
    logs.configure(form)  # type: ignore[arg-type]
    try:
        _look_up(NAME)
    except LookupError:
        logging.getLogger("library").exception("failed")
    written = capsys.readouterr().err
    assert "LookupError: nobody" in written
    assert NAME not in written


def test_a_thread_that_ends_by_an_error_is_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes wrong where nobody waits for it is told by its kind and place, not in its words."""
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    logs.configure("json")
    thread = threading.Thread(target=_fail_with, args=[NAME], name="calendula-bookings")
    thread.start()
    thread.join()
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["thread"], line["level"]) == ("calendula-bookings", "error")
    assert line["error"] == "builtins.LookupError"
    assert line["at"][-1].endswith("_fail_with")
    assert NAME not in str(line)


def _fail_with(patient_name: str) -> None:
    raise LookupError(patient_name)


def test_configuring_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    """However often the logs are configured, an event is one line."""
    logs.configure("text")
    logs.configure("text")
    structlog.get_logger("calendula").info("hello")
    assert len(capsys.readouterr().err.splitlines()) == 1


def _look_up(patient_name: str) -> None:
    if patient_name:
        raise LookupError("nobody")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_request_by_hand_is_as_by_structlog(
    form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody else listens, the line of a request says the same as where somebody does."""
    logs.configure(form)  # type: ignore[arg-type]
    lines = []
    for handlers in logging.root.handlers, logging.root.handlers[:1]:
        monkeypatch.setattr(logging.root, "handlers", [*handlers])
        logs.request(logging.INFO, "abc", "GET", "/healthz", 200, 0.5)
        lines.append(capsys.readouterr().err)
    by_structlog, by_hand = lines
    if form == "json":
        assert _without_time(by_hand) == _without_time(by_structlog)
    else:
        assert set(by_hand.split()[1:]) == set(by_structlog.split()[1:])


def _without_time(line: str) -> dict[str, object]:
    said = json.loads(line)
    assert said.pop("timestamp").endswith("Z")
    return said  # type: ignore[no-any-return]


def test_a_line_has_the_time_of_its_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the microsecond, each of which has its place, also where the second before was written."""
    logs.configure("json")
    monkeypatch.setattr(logging.root, "handlers", logging.root.handlers[-1:])
    times = []
    for timestamp in 0.75, 1.0, 1.03125:
        monkeypatch.setattr(clock, "timestamp", lambda timestamp=timestamp: timestamp)
        _request("abc")
        times.append(json.loads(capsys.readouterr().err)["timestamp"])
    assert times == [f"1970-01-01T00:00:0{it}Z" for it in ("0.750000", "1.000000", "1.031250")]


def test_lines_of_one_turn_go_out_together_and_in_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of requests wait for the end of the loop's turn; what comes later waits behind them."""

    async def serve() -> None:
        _request("first")
        assert not capsys.readouterr().err
        structlog.get_logger("calendula").info("second")
        _request("third")
        _request("fourth")

    logs.configure("json")
    monkeypatch.setattr(logging.root, "handlers", logging.root.handlers[-1:])
    for _ in range(2):  # two loops, since each writes its own
        asyncio.run(serve())
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        ids = [it.get("request_id", it["event"]) for it in lines]
        assert ids == ["first", "second", "third", "fourth"]


def test_who_logs_is_told_of_no_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written is lost, with the lines of requests that waited: the work goes on."""

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    async def serve() -> None:
        _request("lost")
        structlog.get_logger("calendula").info("lost too")

    monkeypatch.setattr("sys.stderr", Full())
    logs.configure("json")
    monkeypatch.setattr(logging.root, "handlers", logging.root.handlers[-1:])
    asyncio.run(serve())


def _request(request_id: str) -> None:
    logs.request(logging.INFO, request_id, "GET", "/healthz", 200, 0.5)

import logging
from asyncio import CancelledError
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient
from starlette.types import Message

from calendula.app import create_app
from calendula.settings import Settings


def _line(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the one line that the service has written about a request."""
    (record,) = [record for record in caplog.records if record.name == "calendula.http"]
    line: Any = record.msg
    assert line["event"] == "request"
    return {**line, "level": record.levelno}


def test_each_request_is_one_line(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """The line has method, route, status, time and the request's id."""
    answer = client.get("/healthz")
    line = _line(caplog)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/healthz", 200)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["milliseconds"] >= 0


def test_a_request_keeps_the_id_it_came_with(client: TestClient) -> None:
    """An id of the caller's is taken over, so that logs of several services can be joined."""
    answer = client.get("/healthz", headers={"X-Request-ID": "abc-123"})
    assert answer.headers["X-Request-ID"] == "abc-123"


@pytest.mark.parametrize("given", ["x" * 65, "a b", 'a"', "", "a\u00e9"])
def test_an_id_that_could_spoil_a_log_is_replaced(client: TestClient, given: str) -> None:
    """An id that is too long or holds other characters is not taken over."""
    headers = {"X-Request-ID": given.encode("latin-1")}
    answer = client.get("/healthz", headers=headers)  # type: ignore[arg-type]
    assert answer.headers["X-Request-ID"] not in ("", given)


def test_a_path_is_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """What somebody puts into a path or a query is in no log."""
    client.get("/patients/Asha?name=Asha")
    line = _line(caplog)
    assert (line["route"], line["status"]) == (None, 404)
    assert "Asha" not in str(line)


def test_no_name_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """A booking's line holds no personal data."""
    booking = {
        "patient_id": "P-77",
        "patient_name": "Asha",
        "doctor_name": "Dr. Rajesh Kumar",
        "time_slot": "10:00-10:30",
        "date": "2025-02-07",
    }
    client.post("/book_appointment", json=booking)
    line = _line(caplog)
    assert (line["route"], line["status"]) == ("/book_appointment", 201)
    assert not [word for word in ("Asha", "P-77", "Rajesh") if word in caplog.text]


def test_the_unforeseen_is_located_but_not_quoted(
    client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line of a failure has its type and place in the code, and not its message."""

    def fail(*_: object) -> None:
        raise RuntimeError("Asha")

    monkeypatch.setattr("calendula.http.health.schema.present", fail)
    answer = client.get("/readyz")
    line = _line(caplog)
    assert (answer.status_code, line["status"], line["level"]) == (500, 500, logging.ERROR)
    assert line["error"] == "builtins.RuntimeError"
    assert line["at"][-1].endswith(" fail")
    assert "Asha" not in str(line)
    assert "Asha" not in answer.text


def test_who_hangs_up_is_no_failure(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """A client that goes away in the middle of its body is a line at level info."""

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/book_appointment",
        "query_string": b"",
        "headers": [(b"content-length", b"100")],
    }
    anyio.run(client.app, scope, receive, send)
    line = _line(caplog)
    assert (line["status"], line["level"]) == (None, logging.INFO)


def test_a_stop_is_no_answer(
    client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is still waiting when the server stops is told that nobody knows: 503."""

    def stop(*_: object) -> None:
        raise CancelledError

    monkeypatch.setattr("calendula.http.health.schema.present", stop)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert _line(caplog)["level"] == logging.WARNING


def test_the_cause_of_a_503_is_in_its_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever is on call sees a warning, and which error stands behind an answer of 503."""
    nowhere = Settings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    with TestClient(create_app(nowhere)) as client:
        assert client.get("/readyz").status_code == 503
    line = _line(caplog)
    assert (line["level"], line["error"]) == (logging.WARNING, "sqlalchemy.exc.OperationalError")

"""What answers tell browsers and caches, whoever gives them."""

import re
import socket
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from httpx2 import Headers

from calendula.access.roles import TABLE
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import servers
from support.clinic import DAY, RAJESH
from support.everything import ask

MAY_BE_KEPT = {
    # If it is asked each time whether they are still right: pages for everybody, of no patient.
    "find_doctor_page": "no-cache",
    "doctor_page": "no-cache",
    "manage_page": "no-cache",  # which asks for a link
    "begin_managing": "no-cache",  # and leads there
    "back_to_doctor": "no-cache",
    # For ever: what it is named by changes with it.
    "static_file": "public, max-age=31536000, immutable",
}
"""The operations whose answers caches may keep, and how. No other's."""

SECURE = Settings(public_url="https://clinic.example")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database: what an answer says of itself does not depend on which it is."""
    return sqlite_url


def _check(headers: Headers) -> None:
    """See that an answer lets a browser do what it must, and no more."""
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in {"no-referrer", "same-origin"}
    assert headers["cross-origin-resource-policy"] == "same-origin"
    repeated = [name for name in headers if len(headers.get_list(name)) > 1]
    assert set(repeated) <= {"set-cookie", "vary"}


def test_every_answer_says_what_may_be_done_with_it(settings: Settings, database: Database) -> None:
    """Each operation has the headers, and of all answers caches keep but those of public pages."""
    asked = list(ask(settings, database))
    assert {it.operation for it in asked} == set(TABLE)
    kept = {}
    for operation, _, path, answer in asked:
        _check(answer.headers)
        said = answer.headers["cache-control"]
        if answer.is_success or answer.is_redirect:
            if said != "no-store":
                kept[operation] = said
        else:
            assert said == "no-store", path
    assert kept == MAY_BE_KEPT
    done = {it.operation for it in asked if it.answer.is_success or it.answer.is_redirect}
    assert len(done) > len(TABLE) / 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", path, 200) for path in ("/docs", "/redoc", "/openapi.json", "/healthz")),
        ("GET", "/docs-assets/favicon.png", 200),
        *(("GET", path, 404) for path in ("/nothing", "/docs-assets/nothing", "/static/0/page.js")),
        ("PUT", "/book_appointment", 405),
        ("OPTIONS", "/v1/doctors", 405),
        ("TRACE", "/", 405),
        ("POST", "/book_appointment", 422),
    ],
)
def test_all_else_says_so_too(client: TestClient, method: str, path: str, status: int) -> None:
    """Documentation, files, and what is not there have the headers as well."""
    answer = client.request(method, path)
    assert answer.status_code == status
    _check(answer.headers)
    kept = "no-cache" if "docs-assets/f" in path else "no-store"
    assert answer.headers["cache-control"] == kept


def test_the_documentations_files_are_asked_for_anew(client: TestClient) -> None:
    """A browser that has one of the files learns that it is still the same, without loading it."""
    path = "/docs-assets/favicon.png"
    tag = client.get(path).headers["etag"]
    answer = client.get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["cache-control"] == "no-cache"


def test_what_nobody_foresaw_says_so_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a failure of the service itself has the headers."""

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("calendula.http.health.schema.present", fail)
    answer = client.get("/readyz")
    assert answer.status_code == 500
    _check(answer.headers)


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        (Settings(), None),
        (Settings(public_url="http://10.0.0.7:8080"), None),
        (SECURE, "max-age=31536000"),
        (SECURE.model_copy(update={"hsts_days": 1}), "max-age=86400"),
        (SECURE.model_copy(update={"hsts_days": 0}), "max-age=0"),
    ],
    ids=["nothing", "plain", "secure", "a day", "no more"],
)
def test_browsers_come_by_https_alone_where_there_is_such(
    sqlite_url: str, settings_: Settings, said: str | None
) -> None:
    """A clinic whose public address is HTTPS has browsers keep to it, on every kind of answer."""
    settings = settings_.model_copy(update={"database_url": sqlite_url})
    with TestClient(create_app(settings)) as client:
        for path in "/", "/healthz", "/nothing", "/docs", "/available_slots":
            assert client.get(path).headers.get("strict-transport-security") == said


def _raw(server: servers.Server, request: bytes) -> Headers:
    """Return the headers of an answer to what need not be HTTP."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request)
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    lines = said.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return Headers([(name, it) for name, _, it in (line.partition(": ") for line in lines)])


def test_no_answer_is_without_them(tmp_path: Path) -> None:
    """A kept answer says the same as the first, and so does the refusal of what is no HTTP."""
    secure = {"CALENDULA_PUBLIC_URL": "https://clinic.example"}
    lookup = {"doctor_name": RAJESH, "date": str(DAY)}
    with servers.running(tmp_path, secure) as server:
        asked = [httpx.get(f"{server.url}/available_slots", params=lookup) for _ in range(5)]
        answers = [it.headers for it in asked]
        answers += [_raw(server, it) for it in (b"\x16\x03\x01\r\n\r\n", b"G / HTTP/9\r\n\r\n")]
    for headers in answers:
        _check(headers)
        assert headers["cache-control"] == "no-store"
        assert headers["strict-transport-security"] == "max-age=31536000"
    own = re.compile("date|x-request-id")
    first, *others = [{k: v for k, v in it.items() if not own.fullmatch(k)} for it in answers[:5]]
    assert others == [first] * 4

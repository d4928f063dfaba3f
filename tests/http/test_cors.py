"""Which other sites' scripts may use the API."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

import support
from calendula.app import create_app
from calendula.database import Database
from calendula.http import cors
from calendula.settings import Settings
from support import servers
from support.access import bearer
from support.clinic import DAY, RAJESH

ORIGIN = "https://frontend.example"
OTHERS = (
    *("https://evil.example", "null", "*", "http://frontend.example", "https://frontend.example:1"),
    *("https://frontend.example.evil.example", "https://FRONTEND.example", ""),
)
LOOKUP = {"doctor_name": RAJESH, "date": str(DAY)}
API = ("/v1/doctors", "/book_appointment", "/available_slots")
PAGES = ("/", "/manage", "/desk", "/desk/sign-in", "/docs", "/openapi.json", "/v1x", "/live")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database: who may read an answer does not depend on which it is."""
    return sqlite_url


@pytest.fixture
def open_to_one(database: Database, settings: Settings) -> Iterator[TestClient]:
    """A client of a clinic whose API one other site may use."""
    with TestClient(create_app(settings.model_copy(update={"cors_origins": (ORIGIN,)}))) as client:
        yield client


def _ours(answer: Response) -> dict[str, str]:
    """Return what an answer says to scripts of other sites."""
    return {name: it for name, it in answer.headers.items() if name.startswith("access-control")}


def _preflight(
    client: TestClient, path: str, method: str, *headers: str, origin: str = ORIGIN
) -> Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = ",".join(it.lower() for it in headers)
    return client.options(path, headers=asked)


def test_no_other_site_may_unless_told(client: TestClient) -> None:
    """Without the setting no answer and no preflight lets a script of another site in."""
    for path in (*API, *PAGES):
        assert _ours(client.get(path, headers={"Origin": ORIGIN})) == {}
        refused = _preflight(client, path, "POST", "Authorization")
        assert refused.status_code in {404, 405}
        assert _ours(refused) == {}


def test_a_site_may_do_all_that_the_api_can(open_to_one: TestClient) -> None:
    """Each method of the API and each header that it reads may be used by a script of the site."""
    document = open_to_one.get("/openapi.json").json()["paths"]
    read = set()
    for path, item in document.items():
        for method, operation in item.items():
            named = [it["name"] for it in operation.get("parameters", []) if it["in"] == "header"]
            read |= set(named)
            headers = {"Authorization", "Content-Type", *named}
            answer = _preflight(open_to_one, path, method.upper(), *headers)
            if path not in {"/healthz", "/readyz"}:
                assert answer.status_code == 200, (method, path)
                assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert read == {"Idempotency-Key", "If-Match"}


def test_no_other_method_or_header_may_be_used(open_to_one: TestClient) -> None:
    """A preflight for anything else is refused."""
    assert _preflight(open_to_one, "/v1/doctors", "TRACE").status_code == 400
    assert _preflight(open_to_one, "/v1/doctors", "GET", "X-CSRF-Token").status_code == 400
    assert _preflight(open_to_one, "/v1/doctors", "GET", "Cookie").status_code == 400


def test_another_site_may_not(open_to_one: TestClient) -> None:
    """An origin that is not the very one of the setting is let in by nothing."""
    for path, origin in product(API, OTHERS):
        answer = open_to_one.get(path, headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        refused = _preflight(open_to_one, path, "POST", "Authorization", origin=origin)
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers


def test_answers_can_be_read_whoever_gives_them(open_to_one: TestClient) -> None:
    """A kept answer, one of the counter or of a route, and an error are for the site's scripts."""
    site = {"Origin": ORIGIN}
    date = {**support.BOOKING, "date": str(DAY)}
    answers = {
        200: open_to_one.get("/available_slots", params=LOOKUP, headers=site),
        201: open_to_one.post("/book_appointment", json=date, headers=site),
        409: open_to_one.post("/book_appointment", json=date, headers=site),
        401: open_to_one.get("/v1/doctors", headers={**site, **bearer("x")}),
        404: open_to_one.get("/v1/nothing", headers=site),
        405: open_to_one.put("/v1/doctors", headers=site),
        413: open_to_one.post("/book_appointment", content=b" " * 70_000, headers=site),
        422: open_to_one.get("/available_slots", headers=site),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert _ours(answer) == {
            "access-control-allow-origin": ORIGIN,
            "access-control-expose-headers": ", ".join(cors.ANSWERED_WITH),
        }
        assert "Origin" in answer.headers["vary"]


def test_a_failure_can_be_read(open_to_one: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script learns of a failure of the service itself what everybody does."""

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("calendula.access.service.find_valid", fail)
    headers = {"Origin": ORIGIN, **bearer("cal_12345678_" + "x" * 43)}
    answer = open_to_one.get("/v1/doctors", headers=headers)
    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_no_credentials_are_ever_allowed(open_to_one: TestClient) -> None:
    """A browser never lets a script of another site use what it keeps for this one: the cookie."""
    for path in (*API, *PAGES):
        for answer in (
            open_to_one.get(path, headers={"Origin": ORIGIN}),
            _preflight(open_to_one, path, "POST"),
        ):
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers.get("access-control-allow-origin") != "*"


def test_the_pages_are_for_no_other_site(open_to_one: TestClient) -> None:
    """What is set for the API opens neither pages nor the desk."""
    for path in PAGES:
        assert _ours(open_to_one.get(path, headers={"Origin": ORIGIN})) == {}
        assert _ours(_preflight(open_to_one, path, "POST", "Authorization")) == {}


def test_a_cache_tells_the_sites_apart(open_to_one: TestClient) -> None:
    """An answer says that it depends on the site, also to who comes from none."""
    answer = open_to_one.get("/available_slots", params=LOOKUP)
    assert "Origin" in answer.headers["vary"]


def test_a_kept_answer_is_for_the_site_too(tmp_path: Path) -> None:
    """On a real server, a lookup that is answered again and again can be read by the site."""
    with servers.running(
        tmp_path, {"CALENDULA_CORS_ORIGINS": f"{ORIGIN}, http://b:8080"}
    ) as server:
        url = f"{server.url}/available_slots"
        for _ in range(4):
            plain = httpx.get(url, params=LOOKUP)
            assert _ours(plain) == {}
            assert "Origin" in ", ".join(plain.headers.get_list("vary"))
            for origin in ORIGIN, "http://b:8080":
                answer = httpx.get(url, params=LOOKUP, headers={"Origin": origin})
                assert answer.headers["access-control-allow-origin"] == origin
            other = httpx.get(url, params=LOOKUP, headers={"Origin": "https://evil.example"})
            assert "access-control-allow-origin" not in other.headers

"""How often somebody may ask, of a service that is really served."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import servers
from support.access import bearer, make_key
from support.clinic import DAY, RAJESH, contents
from support.networks import coming_from, wait_for_a_minute
from support.servers import Server

ONE, OTHER = "127.0.0.1", "127.0.0.2"
MOST = 20
LOOKUP = {"doctor_name": RAJESH, "date": str(DAY)}
BOOKING = {
    "patient_id": "P-1001",
    "patient_name": "Asha Verma",
    "doctor_name": RAJESH,
    "time_slot": "10:00 AM - 10:30 AM",
    "date": str(DAY),
}
SAYING = ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP")
TOO_MANY = "So many requests came already. Try again in a moment."


@pytest.fixture(autouse=True)
def in_one_window() -> None:
    """What follows happens in one minute of the clock."""
    wait_for_a_minute()


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    """A closed clinic in which little may be asked."""
    return Settings(
        database_url=sqlite_url,
        open_clinic=False,
        rate_requests=MOST,
        rate_changes=3,
        rate_failures=2,
    )


@pytest.fixture
def server(
    request: pytest.FixtureRequest, database: Database, sqlite_url: str, tmp_path: Path
) -> Iterator[Server]:
    """That clinic, served, with other settings where the test has some."""
    environment = {
        "CALENDULA_DATABASE_URL": sqlite_url,
        "CALENDULA_RATE_REQUESTS": str(MOST),
        **getattr(request, "param", {}),
    }
    with servers.running(tmp_path, environment) as server:
        yield server


def _statuses(client: httpx.Client, times: int, **headers: str) -> list[int]:
    return [
        client.get("/available_slots", params=LOOKUP, headers=headers).status_code
        for _ in range(times)
    ]


def test_a_client_is_told_and_then_refused(server: Server) -> None:
    """Each answer tells what is left, kept answers too; then come 429 and when to try again."""
    with coming_from(ONE, server.url) as one, coming_from(OTHER, server.url) as other:
        answers = [one.get("/available_slots", params=LOOKUP) for _ in range(MOST + 1)]
        assert [it.status_code for it in answers] == [200] * MOST + [429]
        assert {it.headers["RateLimit-Policy"] for it in answers} == {f'"requests";q={MOST};w=60'}
        left = [it.headers["RateLimit"].split(";")[:2] for it in answers]
        expected = [*range(MOST - 1, -1, -1), 0]
        assert left == [['"requests"', f"r={number}"] for number in expected]
        refusal = answers[-1]
        assert 1 <= int(refusal.headers["Retry-After"]) <= 60
        assert refusal.headers["Content-Type"] == "application/problem+json"
        assert refusal.headers["Cache-Control"] == "no-store"
        assert refusal.json() == {
            "msg": TOO_MANY,
            "type": "about:blank",
            "title": "Too Many Requests",
            "status": 429,
            "detail": TOO_MANY,
            "code": "too-many-requests",
        }
        assert "X-Request-ID" in refusal.headers
        assert one.post("/book_appointment", json=BOOKING).status_code == 429
        assert one.get("/v1/doctors").status_code == 429
        assert _statuses(other, 1) == [200]  # another address, another client
        probes = [one.get("/healthz"), one.get("/readyz")]
        assert [it.status_code for it in probes] == [200, 200]
        assert "RateLimit" not in probes[0].headers


def test_no_header_makes_another_client(server: Server) -> None:
    """Whoever says that somebody else asks is believed by nobody, and the operator is told once."""
    with coming_from(ONE, server.url) as one:
        for number in range(MOST):
            said = dict.fromkeys(SAYING, f"203.0.113.{number}")
            said |= {"Forwarded": f"for=203.0.113.{number}", "Authorization": f"Bearer {number}"}
            if number % 2:  # such a one would be looked at by the app
                del said["Authorization"]
            answer = one.get("/available_slots", params=LOOKUP, headers=said)
            assert answer.headers["RateLimit"].startswith(f'"requests";r={MOST - 1 - number};')
        assert _statuses(one, 1, **{"X-Forwarded-For": "203.0.113.250"}) == [429]
    assert server.log.read_text().count("CALENDULA_TRUSTED_PROXIES") == 1


@pytest.mark.parametrize("server", [{"CALENDULA_TRUSTED_PROXIES": ONE}], indirect=True)
def test_a_trusted_proxy_says_for_whom_it_asks(server: Server) -> None:
    """Its clients are told apart, at kept answers too, by the last address that is no proxy's."""
    with coming_from(ONE, server.url) as proxy, coming_from(OTHER, server.url) as stranger:
        for client in "203.0.113.1", "203.0.113.2", "2001:db8::1":
            behind = {"X-Forwarded-For": f"198.51.100.7, {client}"}
            assert _statuses(proxy, MOST + 1, **behind) == [200] * MOST + [429]
        assert _statuses(proxy, 1, **{"X-Forwarded-For": "9.9.9.9, 203.0.113.1"}) == [429]
        assert _statuses(proxy, 1, **{"X-Forwarded-For": "2001:db8::2"}) == [429]  # of the same /64
        assert _statuses(proxy, 1) == [200]
        for number in range(MOST):
            _statuses(stranger, 1, **{"X-Forwarded-For": f"203.0.113.{100 + number}"})
        assert _statuses(stranger, 1, **{"X-Forwarded-For": "203.0.113.250"}) == [429]


def test_a_browser_gets_a_page(client: TestClient) -> None:
    """On pages the refusal is a page, in the reader's language, with the headers of all others."""
    browser = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "de"}
    for _ in range(MOST):
        page = client.get("/", headers=browser)
    assert page.status_code == 200
    refusal = client.get("/", headers=browser)
    assert refusal.status_code == 429
    assert "Bitte warten Sie eine Minute" in refusal.text
    assert int(refusal.headers["Retry-After"]) >= 1
    for name in "Content-Security-Policy", "X-Content-Type-Options", "RateLimit":
        assert name in refusal.headers


def test_that_page_has_its_style(client: TestClient) -> None:
    """What a page loads does not count, so that the refusal is shown well; other paths do."""
    browser = {"Accept": "text/html,*/*;q=0.8"}
    for _ in range(MOST + 1):
        page = client.get("/", headers=browser)
    assert page.status_code == 429
    files = re.findall(r'(?:href|src)="([^"]*/static/[^"]+)"', page.text)
    assert {it.rpartition(".")[2] for it in files} == {"css", "js", "svg"}
    answers = [client.get(it) for it in files]
    assert {it.status_code for it in answers} == {200}
    assert not [it for it in answers if "RateLimit" in it.headers]
    assert client.get("/static/0/page.css").status_code == 429  # there is no such file


def test_changes_have_a_rate_of_their_own(client: TestClient, database: Database) -> None:
    """Who has booked too often for a minute can still look, and nothing was written."""
    statuses = [client.post("/book_appointment", json={}).status_code for _ in range(3)]
    assert statuses == [422] * 3
    before = contents(database)
    refusal = client.post("/book_appointment", json=BOOKING)
    assert refusal.status_code == 429
    assert refusal.headers["RateLimit-Policy"] == f'"requests";q={MOST};w=60, "changes";q=3;w=60'
    assert contents(database) == before
    assert client.get("/available_slots", params=LOOKUP).status_code == 200


def test_a_key_is_limited_wherever_it_is_used(client: TestClient, database: Database) -> None:
    """What one key asks for counts together, from many addresses too; a key is not exempt."""
    key = bearer(make_key(database, ADMIN).text)
    for number in range(MOST):
        place = TestClient(client.app, client=(f"203.0.113.{number}", 50000))
        answer = place.get("/v1/keys", headers=key)
        assert answer.status_code == 200
        assert f'"key";r={MOST - 1 - number};' in answer.headers["RateLimit"]
    place = TestClient(client.app, client=("203.0.113.250", 50000))
    refusal = place.get("/v1/keys", headers=key)
    assert (refusal.status_code, refusal.json()["code"]) == (429, "too-many-requests")
    assert place.get("/v1/doctors").status_code == 200


def test_who_guesses_keys_is_soon_not_listened_to(client: TestClient, database: Database) -> None:
    """After too many wrong keys from an address none is looked at, nor a token; elsewhere it is."""
    good = bearer(make_key(database, ADMIN).text)
    for number in range(2):
        assert client.get("/v1/keys", headers=bearer(f"guess {number}")).status_code == 401
    assert client.get("/v1/keys", headers=bearer("guess")).status_code == 429
    assert client.get("/v1/keys", headers=good).status_code == 429
    assert client.post("/desk/sign-in", data={"key": "guess"}).status_code == 429
    assert client.get("/v1/doctors").status_code == 200
    elsewhere = TestClient(client.app, client=("203.0.113.1", 50000))
    assert elsewhere.get("/v1/keys", headers=good).status_code == 200


@pytest.mark.parametrize("path", ["/desk/sign-in", "/manage"])
def test_guesses_on_pages_count_too(client: TestClient, path: str) -> None:
    """Wrong keys at the desk, and wrong links to appointments, are guesses like any other."""
    wrong = {"key": "cal_x", "token": f"mng_{'x' * 43}"}
    statuses = [client.post(path, data=wrong).status_code for _ in range(3)]
    assert statuses[:2] in ([401, 401], [422, 422])
    assert statuses[2] == 429
    assert client.get("/v1/keys", headers=bearer("guess")).status_code == 429


def test_an_open_clinic_has_no_limits(sqlite_url: str) -> None:
    """It is for trying out: nobody is refused, and no header speaks of a rate."""
    with TestClient(create_app(Settings(database_url=sqlite_url, open_clinic=True))) as client:
        answers = [client.get("/available_slots", params=LOOKUP) for _ in range(MOST + 1)]
    assert {it.status_code for it in answers} == {200}
    assert "RateLimit" not in answers[0].headers

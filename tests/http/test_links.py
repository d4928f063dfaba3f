"""Addresses of the service in what it answers: of none, a request says what they are."""

import re
from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support.access import bearer, make_key
from support.clinic import DAY, find
from support.everything import ask
from support.pages import open_page, press

PUBLIC = "https://clinic.example"
HOSTILE = (
    *(
        "evil.example",
        "evil.example:99",
        "clinic.example.evil.example",
        "clinic.example@evil.example",
    ),
    *("evil.example/desk?x=", "evil.example#", '"><b>evil.example', "testserver, evil.example"),
)


def _claims(host: str) -> dict[str, str]:
    """Return all headers by which somebody may say what the host is."""
    forwarded = f'for=1.2.3.4;host="{host}";proto=https'
    names = ("Host", "X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "X-Host")
    return {**dict.fromkeys(names, host), "Forwarded": forwarded, "X-Forwarded-Prefix": f"//{host}"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database: what an address is does not depend on which it is."""
    return sqlite_url


@pytest.mark.parametrize(("public", "host"), [(PUBLIC, HOSTILE[1]), (None, HOSTILE[4])])
def test_no_answer_has_what_a_request_says_is_the_host(
    settings: Settings, database: Database, public: str | None, host: str
) -> None:
    """No operation's answer, in head or body, has a host that is not the service's own."""
    own = settings.model_copy(update={"public_url": public})
    for operation, _, _, answer in ask(own, database, _claims(host)):
        assert "evil" not in str(answer.headers.multi_items()), operation
        assert "evil" not in answer.text, operation


def test_no_other_answer_has_it(client: TestClient) -> None:
    """Nor have the documentation, and what is not there."""
    paths = ("/docs", "/redoc", "/openapi.json", "/nothing", "/docs-assets", "/desk/", "//")
    for path, accepted, host in product(paths, ("text/html", "*/*"), HOSTILE):
        answer = client.get(path, headers={**_claims(host), "Accept": accepted})
        assert "evil" not in str(answer.headers.multi_items()) + answer.text


def _book(client: TestClient) -> Any:
    """Book on the pages; return the last of them."""
    page = open_page(client, f"/doctors/{find(client)}", date=str(DAY))
    details = press(client, page.form("/hold"))  # the first time that is free
    check = press(client, details.form("/check"), name="Asha Verma", email="asha@example.org")
    done = press(client, check.form("/book"))
    assert done.status == 201
    return done


@pytest.mark.parametrize("public", [PUBLIC, None], ids=["public", "none"])
def test_the_patients_link_leads_to_the_clinic(
    settings: Settings, database: Database, public: str | None
) -> None:
    """The link that a patient keeps has the public address, or where the service listens.

    Whoever could choose its host would be sent the token behind it.
    """
    there = f"{public or 'http://testserver'}/manage#mng_"
    with TestClient(create_app(settings.model_copy(update={"public_url": public}))) as client:
        for host in HOSTILE:
            client.headers.update(_claims(host))
            done = _book(client)
            assert re.findall(r"\S+/manage#mng_", done.text) == [there]
            assert done.links["Manage your appointment"].startswith("/manage#mng_")
            assert "evil" not in done.html


@pytest.mark.parametrize(
    ("base", "written"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://127.0.0.1:443", "https://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_without_a_setting_it_is_where_the_service_listens(
    settings: Settings, database: Database, base: str, written: str
) -> None:
    """A clinic that is tried out on one machine shows a link that works there."""
    with TestClient(create_app(settings), base_url=base) as client:
        assert f"{written}/manage#mng_" in _book(client).text


def test_the_document_has_the_public_address(sqlite_url: str, client: TestClient) -> None:
    """A program that reads the OpenAPI document finds the service, where that is known."""
    settings = Settings(database_url=sqlite_url, public_url=PUBLIC)
    with TestClient(create_app(settings)) as known:
        assert known.get("/openapi.json").json()["servers"] == [{"url": PUBLIC}]
    assert "servers" not in client.get("/openapi.json").json()


def test_what_was_made_is_told_as_a_path(client: TestClient, database: Database) -> None:
    """`Location` is right whatever the address is by which the client has come."""
    headers = {**bearer(make_key(database, ADMIN).text), "Host": "evil.example"}
    made = client.post("/v1/doctors", json={"name": "Dr. Lena Berg"}, headers=headers)
    assert made.headers["location"] == f"/v1/doctors/{made.json()['id']}"

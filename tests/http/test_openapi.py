import re

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_need_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    """All that a page loads comes from the service, and its policy lets nothing else in."""
    page = client.get(path)
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources
    for source in sources:
        assert "//" not in source
        assert client.get(f"/{source}").status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_every_operation_documents_its_errors(client: TestClient) -> None:
    """Each status of the two endpoints is documented with an example, errors as problems."""
    paths = client.get("/openapi.json").json()["paths"]
    booking = paths["/book_appointment"]["post"]["responses"]
    lookup = paths["/available_slots"]["get"]["responses"]
    assert list(booking) == ["201", "400", "404", "409", "413", "415", "422", "500", "503"]
    assert list(lookup) == ["200", "404", "422", "500", "503"]
    for status, response in (booking | lookup).items():
        kind, content = next(iter(response["content"].items()))
        assert kind == ("application/json" if status < "300" else "application/problem+json")
        assert content.get("example") or content.get("examples")


def test_the_documents_references_lead_somewhere(client: TestClient) -> None:
    """Every schema that is referred to is in the document."""
    document = client.get("/openapi.json")
    references = set(re.findall(r'"#/components/schemas/(\w+)"', document.text))
    assert references <= set(document.json()["components"]["schemas"])
    assert "HTTPValidationError" not in document.text


def test_home_is_the_documentation(client: TestClient) -> None:
    """Whoever opens the address sees the documentation."""
    answer = client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("POST", 404), ("DELETE", 404)])
def test_an_unknown_path_is_a_problem(client: TestClient, method: str, status: int) -> None:
    """What is not there is answered as every other error."""
    answer = client.request(method, "/nothing")
    assert answer.status_code == status
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Not Found.",
        "code": "not-found",
    }

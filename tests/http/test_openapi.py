import re
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from calendula.access import roles
from calendula.access.roles import RECEPTION, TABLE
from calendula.database import Database
from support.access import bearer, make_key
from support.clinic import DAY, find

PATIENT: dict[str, dict[str, Any]] = {
    "/v1/holds": {},
    "/v1/appointments": {"patient": {"name": "Asha Verma"}},
}


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
    booked = ["201", "400", "401", "404", "409", "413", "415", "422", "429", "500", "503"]
    assert list(booking) == booked
    assert list(lookup) == ["200", "401", "404", "422", "429", "500", "503"]
    for status, response in (booking | lookup).items():
        kind, content = next(iter(response["content"].items()))
        assert kind == ("application/json" if status < "300" else "application/problem+json")
        assert content.get("example") or content.get("examples")


def test_what_needs_a_key_says_so(client: TestClient) -> None:
    """An operation has a lock, 401 and 403 exactly where the table of roles asks for a key."""
    document = client.get("/openapi.json").json()
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    operations = {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for operation in path.values()
    }
    locked = {name for name, it in operations.items() if it.get("security") == [{"key": []}]}
    documented = {
        name
        for name, it in operations.items()
        if "may_not" in str(it["responses"].get("403")) and "no_key" in str(it["responses"]["401"])
    }
    assert locked == documented
    for_prometheus = {"read_metrics"}  # which is no part of the API
    api = {operation for operation in TABLE.keys() - for_prometheus if not roles.at_desk(operation)}
    needing = {operation for operation in api if roles.needed(operation)}
    assert {name.partition("_v1_")[0] for name in locked} == needing
    assert {"create_key", "list_keys", "revoke_key"} <= needing
    create = document["paths"]["/v1/keys"]["post"]["responses"]
    made = ["201", "400", "401", "403", "413", "415", "422", "429", "503"]
    assert list(create) == made
    assert create["403"]["description"] == "The key's role is not one of: admin"


def test_the_refusals_are_real(client: TestClient, database: Database) -> None:
    """The documented answers to no key, a bad key and another role are what the service says."""
    answers = {
        "no_key": client.get("/v1/keys"),
        "no_good": client.get("/v1/keys", headers=bearer("x")),
        "may_not": client.get("/v1/keys", headers=bearer(make_key(database, RECEPTION).text)),
    }
    responses = client.get("/openapi.json").json()["paths"]["/v1/keys"]["get"]["responses"]
    for status in "401", "403":
        (content,) = responses[status]["content"].values()
        for name, example in content["examples"].items():
            answer = answers.pop(name)
            assert (str(answer.status_code), answer.json()) == (status, example["value"])
    assert answers == {}


def test_every_error_is_documented_as_a_problem(client: TestClient) -> None:
    """No operation claims to answer in FastAPI's own form."""
    for path in client.get("/openapi.json").json()["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                kinds = list(response.get("content", {}))
                assert status < "400" or kinds == ["application/problem+json"]


def test_every_success_is_described_in_our_words(client: TestClient) -> None:
    """No operation is described with FastAPI's own words, and its nulls are shown."""
    document = client.get("/openapi.json")
    assert "Successful Response" not in document.text
    slots = document.json()["paths"]["/v1/doctors/{doctor_id}/slots"]["get"]["responses"]["200"]
    monday, *_ = slots["content"]["application/json"]["examples"]["slots"]["value"]["dates"]
    assert monday["reason"] is None


def test_the_documents_references_lead_somewhere(client: TestClient) -> None:
    """Every schema that is referred to is in the document."""
    document = client.get("/openapi.json")
    references = set(re.findall(r'"#/components/schemas/(\w+)"', document.text))
    assert references <= set(document.json()["components"]["schemas"])
    assert "HTTPValidationError" not in document.text


def test_what_can_always_happen_is_documented(client: TestClient) -> None:
    """Who asks learns beforehand how a bad key, body, version or database is answered."""
    document = client.get("/openapi.json").json()["paths"]
    operations = [it for path in document.values() for it in path.values()]
    for operation in [it for it in operations if it["tags"] != ["Health"]]:
        documented = set(operation["responses"])
        assert {"401", "422", "503"} <= documented
        assert {} in operation["security"] or "403" in documented
        assert {"400", "413", "415"} <= documented or "requestBody" not in operation
        names = {it["name"] for it in operation.get("parameters", ())}
        assert ("412" in documented) == ("If-Match" in names)
    assert set(document["/healthz"]["get"]["responses"]) == {"200"}


def test_what_is_only_the_staffs_is_documented(client: TestClient) -> None:
    """Holding and booking are public, but not every way to hold and to book."""
    doctor, nobody = find(client), str(UUID(int=0))
    start = f"{DAY}T10:00:00+05:30"
    answers = {
        "/v1/holds": {"doctor_id": doctor, "start": start, "minutes": 60},
        "/v1/appointments": {"doctor_id": doctor, "start": start, "patient_id": nobody},
    }
    document = client.get("/openapi.json").json()["paths"]
    for path, body in answers.items():
        assert client.post(path, json=body).status_code == 403
        unknown = client.post(path, json={"doctor_id": nobody, "start": start, **PATIENT[path]})
        assert unknown.status_code == 404
        assert {"403", "404"} <= set(document[path]["post"]["responses"])


def test_the_headers_of_an_answer_are_documented(client: TestClient) -> None:
    """Where an answer has a `Location`, a challenge or a time to wait, the document says so."""
    paths = client.get("/openapi.json").json()["paths"]
    made = paths["/v1/holds"]["post"]["responses"]
    assert set(made["201"]["headers"]) == {"Location"}
    assert set(made["401"]["headers"]) == {"WWW-Authenticate"}
    assert set(made["503"]["headers"]) == {"Retry-After"}
    token = paths["/v1/appointments/{appointment_id}/tokens"]["post"]["responses"]
    assert "headers" not in token["201"]
    assert "409" in token


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

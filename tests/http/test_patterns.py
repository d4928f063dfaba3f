"""What the OpenAPI document says of a text is what the service takes, in both directions."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from support.clinic import every_day, try_to_book, window


def _pattern(client: TestClient, schema: str, field: str) -> str:
    found = client.get("/openapi.json").json()["components"]["schemas"][schema]["properties"][field]
    return str(next(it for it in found.get("anyOf", [found]) if "pattern" in it)["pattern"])


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        *(("x", True), ("x y", True), ("'", True), ("x" * 255, True), ("x" * 256, False)),
        *(('"x"', True), ('"a\\"b"', True), ('""', False), ('"x', False), ('"x"y', False)),
        *(('"' + "x" * 255 + '"', True), ('"' + "x" * 256 + '"', False), ("", False)),
    ],
)
def test_the_pattern_of_an_idempotency_key(client: TestClient, key: str, taken: bool) -> None:
    """A key fits the document's pattern exactly where it is taken."""
    operation = client.get("/openapi.json").json()["paths"]["/book_appointment"]["post"]
    (pattern,) = (it["schema"]["pattern"] for it in operation["parameters"])
    client.headers["Idempotency-Key"] = key
    assert (try_to_book(client).status_code == 201) == taken == bool(re.search(pattern, key))


@pytest.mark.parametrize(
    ("phone", "taken"),
    [
        *(("123", True), ("+91 (22) 5550-0100", True), ("1" * 20, True), ("..1/2/3..", True)),
        *(("12", False), ("1" * 21, False), ("555 CALL", False), ("+()", False)),
    ],
)
def test_the_pattern_of_a_telephone_number(admin: TestClient, phone: str, taken: bool) -> None:
    """A number fits the document's pattern exactly where it is taken."""
    answer = admin.post("/v1/patients/search", json={"phone": phone})
    pattern = _pattern(admin, "PatientSearch", "phone")
    assert (answer.status_code == 200) == taken == bool(re.search(pattern, phone))


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [
        *(("09:00", "12:00", True), ("09:00", "24:00", True), ("23:00", "00:00", True)),
        *(("24:00", "12:00", False), ("09:00", "24:30", False), ("29:00", "12:00", False)),
    ],
)
def test_the_patterns_of_a_window(admin: TestClient, start: str, end: str, taken: bool) -> None:
    """A time of the day fits the document's pattern exactly where it is taken."""
    week: dict[str, Any] = every_day(window(start, end))
    answer = admin.put("/v1/clinic/hours", json=week)
    first, last = (_pattern(admin, "HoursWindow", name) for name in ("start", "end"))
    fits = bool(re.search(first, start) and re.search(last, end))
    assert (answer.status_code == 200) == taken == fits


def test_the_most_that_can_be_asked_for_is_documented(client: TestClient) -> None:
    """How many slots there may be in an answer stands in the document."""
    path = client.get("/openapi.json").json()["paths"]["/v1/doctors/{doctor_id}/slots/next"]
    (count,) = (it["schema"] for it in path["get"]["parameters"] if it["name"] == "count")
    assert (count["minimum"], count["maximum"]) == (1, 50)

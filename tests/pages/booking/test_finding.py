"""The first page: who is free first, of all or of those who are looked for."""

import re

from fastapi.testclient import TestClient

from support.clinic import find


def _links(client: TestClient, **asked: str) -> list[str]:
    """Return where the section of the first available times leads."""
    text = client.get("/", params=asked).text
    section = re.search(r'<section[^>]*aria-labelledby="soonest".*?</section>', text, re.DOTALL)
    return re.findall(r'href="([^"]+)"', section[0]) if section else []


def test_the_first_available_times_lead_to_their_days(client: TestClient, mei: str) -> None:
    """The first times of all stand above the doctors, each a link to its doctor and date."""
    first = client.get("/v1/slots/search", params={"limit": 4}).json()["items"]
    expected = [f"/doctors/{it['doctor_id']}?date={it['date']}#times" for it in first]
    assert _links(client) == expected
    assert client.get(expected[0]).status_code == 200


def test_only_those_who_are_looked_for_are_first(client: TestClient, mei: str) -> None:
    """Name and specialty count for the first available times too."""
    assert {link.split("?")[0] for link in _links(client, name="mei")} == {f"/doctors/{mei}"}
    assert {link.split("?")[0] for link in _links(client, specialty="Cardiology")} == {
        f"/doctors/{mei}"
    }
    assert _links(client, name="nobody") == []


def test_a_time_that_is_taken_is_not_first(client: TestClient, mei: str) -> None:
    """What somebody books is gone from the first available times at once."""
    before = client.get("/v1/slots/search", params={"name": "mei", "limit": 1}).json()["items"]
    wanted = {"doctor_id": find(client), "start": before[0]["start"]}
    patient = {"patient": {"name": "Asha Verma"}}
    assert client.post("/v1/appointments", json={**wanted, **patient}).status_code == 201
    after = client.get("/v1/slots/search", params={"name": "mei", "limit": 1}).json()["items"]
    assert after[0]["start"] > before[0]["start"]

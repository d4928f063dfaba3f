"""The first page: who is free first, of all or of those who are looked for."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote

from fastapi.testclient import TestClient

from support.clinic import DAY, find, window
from support.pages import open_page


def _links(client: TestClient, **asked: str) -> list[str]:
    """Return where the section of the first available times leads."""
    text = client.get("/", params=asked).text
    section = re.search(r'<section[^>]*aria-labelledby="soonest".*?</section>', text, re.DOTALL)
    return re.findall(r'href="([^"]+)"', unescape(section[0])) if section else []


def _link(slot: Mapping[str, str]) -> str:
    start = datetime.fromisoformat(slot["start"]).astimezone(UTC).isoformat()
    wanted = f"date={slot['date']}&start={quote(start)}#at-{start}"
    return f"/doctors/{slot['doctor_id']}?{wanted}"


def test_the_first_available_times_lead_to_themselves(client: TestClient, mei: str) -> None:
    """The first times of all stand above the doctors; each leads to where it is marked, and is."""
    first = client.get("/v1/slots/search", params={"limit": 4}).json()["items"]
    assert _links(client) == [_link(it) for it in first]
    page = open_page(client, _link(first[0]).partition("#")[0])
    marked = [text for form in page.forms for text, _, _ in form.buttons if "chose" in text]
    start = datetime.fromisoformat(first[0]["start"])
    assert marked == [f"{start:%H:%M} The time that you chose"]


def test_only_those_who_are_looked_for_are_first(client: TestClient, mei: str) -> None:
    """Name and specialty count for the first available times too."""
    assert {link.split("?")[0] for link in _links(client, name="mei")} == {f"/doctors/{mei}"}
    assert {link.split("?")[0] for link in _links(client, specialty="Cardiology")} == {
        f"/doctors/{mei}"
    }
    assert _links(client, name="nobody") == []


def test_the_zone_of_the_times_is_named(admin: TestClient, mei: str) -> None:
    """The times' zone stands above them; where doctors have several, each time has its own."""
    page = open_page(admin, "/")
    assert page.text.count("Times are in India Time.") == page.text.count("India Time") == 1
    answer = admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Asia/Dubai"})
    assert answer.status_code == 200
    page = open_page(admin, "/")
    zones = re.findall(r"Next free: [^,]+, \d\d:\d\d Times are in (.+?)\.", page.text)
    assert sorted(zones) == ["Gulf Standard Time", *["India Time"] * 3]


def test_no_time_is_denied_that_stands_above(admin: TestClient, mei: str) -> None:
    """A doctor whose first time is far ahead has it as the next free one, as it is above."""
    admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []})
    body = {"windows": [window("09:00", "10:00")]}
    far = DAY + timedelta(days=7)
    assert admin.put(f"/v1/doctors/{mei}/overrides/{far}", json=body).status_code < 300
    page = open_page(admin, "/", name="mei")
    (card,) = re.findall(r"Next free: (.+?) 09:00", page.text)
    assert any(name.startswith(f"{card} 09:00 with") for name in page.links)
    assert "Nothing free" not in page.text


def test_a_time_that_is_taken_is_not_first(client: TestClient, mei: str) -> None:
    """What somebody books is gone from the first available times at once."""
    before = client.get("/v1/slots/search", params={"name": "mei", "limit": 1}).json()["items"]
    wanted = {"doctor_id": find(client), "start": before[0]["start"]}
    patient = {"patient": {"name": "Asha Verma"}}
    assert client.post("/v1/appointments", json={**wanted, **patient}).status_code == 201
    after = client.get("/v1/slots/search", params={"name": "mei", "limit": 1}).json()["items"]
    assert after[0]["start"] > before[0]["start"]

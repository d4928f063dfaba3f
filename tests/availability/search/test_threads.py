"""Many who book, cancel and search at one moment share what a worker knows."""

from concurrent.futures import ThreadPoolExecutor

from fastapi.testclient import TestClient

from support.booking import reserve
from support.clinic import DAY

PATIENTS = 6
TURNS = 5


def test_everybody_finds_what_they_did_themselves(admin: TestClient, mei: str) -> None:
    """Whoever has booked finds the slot no more, and whoever has cancelled it finds it again."""
    visit = {"name": "Visit", "duration_minutes": 30}
    kind = admin.post("/v1/visit-types", json=visit).json()["id"]
    asked = {"from": str(DAY), "to": str(DAY), "name": "mei", "visit_type": kind}

    def starts() -> list[str]:
        items = admin.get("/v1/slots/search", params=asked).json()["items"]
        return [str(it["start"]) for it in items]

    def come_and_go(start: str) -> None:
        for _ in range(TURNS):
            booked = reserve(admin, mei, start).json()
            assert start not in starts()
            admin.post(f"/v1/appointments/{booked['id']}/cancel", json={})
            assert start in starts()

    before = starts()
    with ThreadPoolExecutor(PATIENTS) as pool:
        list(pool.map(come_and_go, before[:PATIENTS]))
    assert starts() == before

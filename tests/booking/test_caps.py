"""Nobody without a key takes a doctor's whole day, however they go about it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from calendula.access.roles import INTEGRATION
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support import servers
from support.access import bearer, make_key
from support.booking import Booked, free, hold, reserve
from support.clinic import DAY, MEI, contents
from support.networks import coming_from
from support.pages import open_page, press

MOST_OF_A_DAY = 5
BOOKING = {"patient_name": "Asha Verma", "doctor_name": MEI, "date": str(DAY)}
SENTENCE = "So many slots were taken already. Try again tomorrow, or call the clinic."


@pytest.fixture
def settings(database_url: str) -> Settings:
    """A closed clinic with the caps that it has by itself."""
    return Settings(database_url=database_url, open_clinic=False, time_zone="Asia/Kolkata")


@pytest.fixture
def other(client: TestClient) -> TestClient:
    """Somebody who asks from elsewhere."""
    return TestClient(client.app, client=("203.0.113.1", 50000))


def _book(client: Any, slot: str, who: str = "P-1", **headers: str) -> Any:
    body = {**BOOKING, "patient_id": who, "time_slot": slot}
    return client.post("/book_appointment", json=body, headers=headers)


def _slots(client: Any) -> list[str]:
    asked = {"doctor_name": MEI, "date": str(DAY)}
    slots: list[str] = client.get("/available_slots", params=asked).json()["available_slots"]
    return slots


def _refused(answer: Response) -> bool:
    assert answer.status_code in {200, 201, 429}, answer.text
    return answer.status_code == 429


def test_a_bot_cannot_take_a_doctors_day(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    """All at once or one by one, under new names each time: some slots are left for others."""
    environment = {"CALENDULA_DATABASE_URL": settings.database_url}
    with (
        servers.running(tmp_path, environment) as server,
        coming_from("127.0.0.1", server.url) as bot,
        coming_from("127.0.0.2", server.url) as patient,
        ThreadPoolExecutor(8) as threads,
    ):
        slots = _slots(patient)
        assert len(slots) == 8
        at_once = list(threads.map(lambda slot: _book(bot, slot, f"bot {slot}"), slots))
        one_by_one = [_book(bot, slot, f"bot {slot}") for slot in _slots(bot)]
        won = [it for it in (*at_once, *one_by_one) if it.status_code == 201]
        assert len(won) == MOST_OF_A_DAY
        refusal = one_by_one[-1]
        assert refusal.status_code == 429
        assert (refusal.json()["msg"], refusal.json()["code"]) == (SENTENCE, "too-many-slots")
        assert 1 <= int(refusal.headers["Retry-After"]) <= 24 * 60 * 60
        left = _slots(patient)
        assert len(left) == 8 - MOST_OF_A_DAY
        (mei,) = bot.get("/v1/doctors", params={"name": MEI}).json()["items"]
        day = patient.get(
            f"/v1/doctors/{mei['id']}/slots", params={"from": str(DAY), "to": str(DAY)}
        ).json()
        for slot in day["dates"][0]["slots"]:
            wanted = {"doctor_id": mei["id"], "start": slot["start"]}
            assert bot.post("/v1/holds", json=wanted).status_code == 429
            somebody = {**wanted, "patient": {"name": "Bot"}}
            assert bot.post("/v1/appointments", json=somebody).status_code == 429
        assert _book(patient, left[0]).status_code == 201


def test_holds_and_bookings_count_together(client: TestClient, other: TestClient, mei: str) -> None:
    """However a slot is taken, it is one; a hold that is booked is one still."""
    starts = iter(free(client, mei))
    assert _book(client, _slots(client)[-1]).status_code == 201
    assert reserve(client, mei, next(starts)).status_code == 201
    held = hold(client, mei, start := next(starts))
    assert held.status_code == 201
    assert reserve(client, mei, start, hold=held.json()["token"]).status_code == 201
    page = press(client, open_page(client, f"/doctors/{mei}", date=str(DAY)).form("/hold"), "11:00")
    assert page.status == 200
    assert hold(client, mei, next(starts)).status_code == 201
    last = next(starts)
    assert _refused(hold(client, mei, last))
    assert _refused(reserve(client, mei, last))
    assert _refused(_book(client, _slots(client)[-1]))
    again = press(
        client, open_page(client, f"/doctors/{mei}", date=str(DAY)).form("/hold"), "14:00"
    )
    assert again.status == 429
    assert "choose another day" in again.text
    assert reserve(other, mei, last).status_code == 201


def test_a_slot_that_is_let_go_can_be_chosen_anew(client: TestClient, mei: str) -> None:
    """Whoever looks around holds one after the other; what was let go twice counts once."""
    starts = free(client, mei)
    for start in starts[:3] * 3:
        held = hold(client, mei, start)
        assert held.status_code == 201
        for _ in range(2):
            token = bearer(held.json()["token"])
            client.delete(f"/v1/holds/{held.json()['id']}", headers=token)
    taken = [hold(client, mei, start) for start in starts]
    assert [it.status_code for it in taken[: MOST_OF_A_DAY + 1]] == [201] * MOST_OF_A_DAY + [409]
    assert _refused(_book(client, _slots(client)[-1]))


def test_who_holds_and_lets_go_for_ever_comes_to_an_end(settings: Settings, mei: str) -> None:
    """Each hold counts for the day, also those that were let go."""
    with TestClient(create_app(settings.model_copy(update={"slots_per_client": 3}))) as client:
        statuses = []
        for start in free(client, mei)[:4]:
            held = hold(client, mei, start)
            statuses.append(held.status_code)
            if held.status_code == 201:
                token = bearer(held.json()["token"])
                client.delete(f"/v1/holds/{held.json()['id']}", headers=token)
    assert statuses == [201, 201, 201, 429]


def test_moving_is_no_way_to_a_whole_day(client: TestClient, mei: str) -> None:
    """Appointments that are moved to a date count there like those that are booked."""
    starts = free(client, mei)
    days = [str(DAY + timedelta(days=number)) for number in (1, 1, 1, 2, 2, 2)]
    booked = [
        Booked(client, mei, start.replace(str(DAY), day))
        for start, day in zip(starts, days, strict=False)
    ]
    moved = [
        it.do("move", start=start).status_code for it, start in zip(booked, starts, strict=False)
    ]
    assert moved == [200] * MOST_OF_A_DAY + [429]
    assert booked[0].do("move", start=starts[-1]).status_code == 200  # within the day


def test_an_answer_comes_again_when_nothing_is_left(client: TestClient) -> None:
    """A retry with its key is given the first answer, however often, and counts once."""
    slots = _slots(client)
    key = {"Idempotency-Key": "8e03978e"}
    first = _book(client, slots[0], **key)
    for _ in range(MOST_OF_A_DAY):
        assert _book(client, slots[0], **key).json() == first.json()
    won = [_book(client, slot).status_code for slot in slots[1:]]
    assert won == [201] * (MOST_OF_A_DAY - 1) + [429] * 3
    again = _book(client, slots[0], **key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"


def test_what_is_not_had_does_not_count(client: TestClient, other: TestClient) -> None:
    """Whoever comes too late for a slot, again and again, still gets another."""
    slots = _slots(client)
    assert _book(other, slots[0]).status_code == 201
    for number in range(2 * MOST_OF_A_DAY):
        kind = {"Content-Type": "application/json; charset=utf-8"} if number % 2 else {}
        assert _book(client, slots[0], **kind).status_code == 409
    assert _book(client, slots[1]).status_code == 201


def test_all_days_together_have_a_cap(settings: Settings, mei: str) -> None:
    """A client takes so many slots in a day, of whichever doctors and dates."""
    with TestClient(create_app(settings.model_copy(update={"slots_per_client": 3}))) as client:
        start = free(client, mei)[0]
        days = [str(DAY + timedelta(days=number)) for number in range(4)]
        won = [reserve(client, mei, start.replace(str(DAY), day)).status_code for day in days]
    assert won == [201, 201, 201, 429]


def test_a_contact_has_a_cap_wherever_it_comes_from(settings: Settings, mei: str) -> None:
    """One e-mail address or telephone number, however it is written, books so much in a day."""
    app = create_app(settings.model_copy(update={"slots_per_contact": 2}))
    with TestClient(app) as first:
        starts = free(first, mei)
        contacts = [
            {"email": "asha@example.org", "phone": "+91 80 5550 1234"},
            {"email": "Asha@Example.org"},
            {"email": "ASHA@example.org"},
            {"phone": "+91 (80) 5550-1234"},
            {"phone": "+918055501234"},
            {},
        ]
        statuses = []
        for number, (start, contact) in enumerate(zip(starts, contacts, strict=False)):
            place = TestClient(app, client=(f"203.0.113.{number}", 50000))
            patient = {"name": f"Patient {number}", **contact}
            statuses.append(reserve(place, mei, start, patient=patient).status_code)
    assert statuses == [201, 201, 429, 201, 429, 201]


def test_a_key_is_for_many_and_has_no_cap(client: TestClient, database: Database, mei: str) -> None:
    """A website that books for its patients, and the staff, are not taken for one who takes all."""
    key = bearer(make_key(database, INTEGRATION).text)
    client.headers.update(key)
    assert {reserve(client, mei, start).status_code for start in free(client, mei)} == {201}


def test_a_refusal_leaves_nothing_behind(client: TestClient, database: Database) -> None:
    """No patient, no appointment and no event of who was refused is in the database."""
    slots = _slots(client)
    for slot in slots[:MOST_OF_A_DAY]:
        assert _book(client, slot).status_code == 201
    before = contents(database)
    assert _refused(_book(client, slots[-1], "P-2", **{"Idempotency-Key": "1"}))
    assert contents(database) == before

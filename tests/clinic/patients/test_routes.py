from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.access.roles import DOCTOR, RECEPTION
from calendula.database import Database
from calendula.events.models import Event
from support.access import bearer, make_key
from support.clinic import DAY, RAJESH, TEN, TWO, book, contents, last_event
from support.patients import add, found, ids_of, patient_of

ASHA = {"name": "Asha Verma", "identifier": "P-1", "email": None, "phone": None}


def test_a_patient_is_found(admin: TestClient) -> None:
    """Who was booked is found by what is known of them, for no cache to keep."""
    book(admin)
    answer = admin.post("/v1/patients/search", json={"name": "asha"})
    (item,) = answer.json()["items"]
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert {name: item[name] for name in ASHA} == ASHA
    assert set(item) == {*ASHA, "id", "created_at"}


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ({"name": "MÜLLER jose"}, {"José Müller"}),
        ({"name": "jo"}, {"José Müller", "Jo%n_\\"}),
        ({"name": "o%"}, {"Jo%n_\\"}),
        ({"name": "n_\\"}, {"Jo%n_\\"}),
        ({"name": "Søren"}, {"Søren Ærø"}),
        ({"identifier": "7"}, {"José Müller"}),
        ({"identifier": 7}, {"José Müller"}),
        ({"identifier": " 7 "}, {"José Müller"}),
        ({"identifier": "77"}, set()),
        ({"email": "JOSE@Example.com"}, {"José Müller"}),
        ({"email": "ose@example.com"}, set()),
        ({"phone": "+49 (30) 555-0100"}, {"José Müller"}),
        ({"phone": "5550100"}, {"José Müller", "Søren Ærø"}),
        ({"phone": "55501"}, set()),
        ({"phone": "555 0100", "name": "muller"}, {"José Müller"}),
        ({"phone": "555 0100", "name": "jo", "identifier": "8"}, set()),
    ],
    ids=range(16),
)
def test_what_is_known_finds(
    admin: TestClient, database: Database, asked: dict[str, Any], who: set[str]
) -> None:
    """Words in any order, without case and accents; a number's end; all that is given must be."""
    add(database, "7", "José Müller", email="jose@example.com", phone="+49 30 555 0100")
    add(database, None, "Søren Ærø", phone="(0)555-0100")
    add(database, "8", "Jo%n_\\")
    assert {it["name"] for it in found(admin, **asked)} == who


def test_what_is_found_comes_in_pages(admin: TestClient, database: Database) -> None:
    """Page by page everybody comes once, by name, and the cursor is in the body."""
    names = [f"Asha {letter}" for letter in "édcba"]
    for number, name in enumerate([*names, "Asha a"]):
        add(database, str(number), name)
    seen: list[str] = []
    cursor = None
    while True:
        body = {"name": "asha", "limit": 2, "cursor": cursor}
        page = admin.post("/v1/patients/search", json=body).json()
        seen += [it["name"] for it in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["Asha a", "Asha a", "Asha b", "Asha c", "Asha d", "Asha é"]


@pytest.mark.parametrize("body", [{}, {"limit": 5}, {"name": None}], ids=range(3))
def test_nobody_is_not_looked_for(admin: TestClient, body: dict[str, Any]) -> None:
    """A search for nothing would list everybody: 422."""
    answer = admin.post("/v1/patients/search", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("name", ["´", "¨", "¯ ¸"], ids=ascii)
@pytest.mark.parametrize("more", [{}, {"phone": "112"}], ids=["alone", "and-more"])
def test_an_accent_finds_nobody(
    admin: TestClient, database: Database, name: str, more: dict[str, str]
) -> None:
    """A name of which nothing is left to look for is 422, and no way to list all patients."""
    add(database, "P-1", "Asha Verma", phone="112")
    answer = admin.post("/v1/patients/search", json={"name": name, **more})
    assert (answer.status_code, answer.json().get("code")) == (422, "invalid")


def test_a_patient_is_read(admin: TestClient, database: Database) -> None:
    """A patient is shown with their contact, and the log says who has seen them."""
    patient = add(database, "P-1", "Asha Verma", email="a@example.com", phone="112")
    answer = admin.get(f"/v1/patients/{patient}")
    shown = answer.json()
    del shown["created_at"]
    contact = {"email": "a@example.com", "phone": "112"}
    nothing = {"merged_into": None, "erased_at": None}
    assert answer.headers["cache-control"] == "no-store"
    assert shown == {**ASHA, **contact, **nothing, "id": patient}
    event = last_event(database, "patient.read")
    assert event.actor.startswith("key:")
    assert patient_of(event) == patient


def test_whoever_is_shown_is_in_the_log(admin: TestClient, database: Database) -> None:
    """A search writes one line for each patient whom it shows."""
    shown = {add(database, str(number), "Asha Verma") for number in range(3)}
    add(database, "9", "Ravi")
    found(admin, name="verma")
    with database.read() as session:
        events = session.scalars(select(Event).where(Event.action == "patient.read")).all()
    assert sorted(patient_of(it) for it in events) == sorted(shown)


def test_a_doctor_sees_their_own(client: TestClient, database: Database) -> None:
    """A doctor reads who has an appointment with them; others are as unknown as nobody."""
    book(client)
    book(client, doctor_name=RAJESH, patient_id="P-2", patient_name="Ravi")
    own, other = ids_of(database, "Asha Verma", "Ravi")
    client.headers.update(bearer(make_key(database, DOCTOR).text))
    assert client.get(f"/v1/patients/{own}").json()["name"] == "Asha Verma"
    refused, unknown = (client.get(f"/v1/patients/{it}") for it in (other, uuid4()))
    assert (refused.status_code, refused.content) == (404, unknown.content)
    assert refused.json()["code"] == "unknown-patient"
    with database.read() as session:
        read = session.scalars(select(Event).where(Event.action == "patient.read")).all()
    assert [patient_of(it) for it in read] == [own]


def test_reception_neither_exports_nor_erases(client: TestClient, database: Database) -> None:
    """The desk reads, changes and merges patients; the rest is the admin's."""
    patient = add(database, "P-1", "Asha Verma")
    headers = bearer(make_key(database, RECEPTION).text)
    path = f"/v1/patients/{patient}"
    assert client.get(path, headers=headers).status_code == 200
    assert client.get(f"{path}/export", headers=headers).status_code == 403
    assert client.post(f"{path}/erase", headers=headers).status_code == 403


def test_a_patient_is_changed(admin: TestClient, database: Database) -> None:
    """What is named changes, null empties, the rest stays; the log names fields, not values."""
    patient = add(database, "P-1", "Asha Verma", email="a@example.com", phone="112")
    change = {"name": "Äsha Rao", "phone": None, "email": "a@example.com"}
    shown = admin.patch(f"/v1/patients/{patient}", json=change).json()
    assert (shown["name"], shown["identifier"]) == ("Äsha Rao", "P-1")
    assert (shown["email"], shown["phone"]) == ("a@example.com", None)
    assert last_event(database, "patient.changed").data == {"changed": ["name", "phone"]}
    assert [it["id"] for it in found(admin, name="rao asha")] == [patient]
    assert found(admin, name="verma") == []


def test_an_identifier_can_go(admin: TestClient, database: Database) -> None:
    """A patient may have no identifier, and several of one name need none."""
    for number in "12":
        patient = add(database, number, "Asha Verma")
        answer = admin.patch(f"/v1/patients/{patient}", json={"identifier": None})
        assert (answer.status_code, answer.json()["identifier"]) == (200, None)
    assert admin.patch(f"/v1/patients/{patient}", json={"name": None}).status_code == 422


def test_a_change_makes_no_two_of_one(admin: TestClient, database: Database) -> None:
    """The identity of another is refused, with that one's id and nothing else of them."""
    patient = add(database, "P-1", "Asha Verma", phone="112")
    other = add(database, "P-1", "Asha Rao", email="rao@example.com")
    before = contents(database)
    answer = admin.patch(f"/v1/patients/{patient}", json={"name": "Asha Rao", "phone": "113"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "patient-exists")
    assert problem["patient_id"] == other
    assert "Rao" not in answer.text
    assert "rao@" not in answer.text
    assert contents(database) == before


def test_an_alias_and_its_patient_change_places(admin: TestClient, database: Database) -> None:
    """Whoever was merged the wrong way round is called by the right name all the same."""
    wrong, right = (add(database, "P-1", f"Asha {it}") for it in ("Verm", "Verma"))
    admin.post(f"/v1/patients/{wrong}/merge", json={"duplicate_id": right})
    changed = admin.patch(f"/v1/patients/{wrong}", json={"name": "Asha Verma", "phone": "112"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Asha Verma")
    assert admin.get(f"/v1/patients/{right}").json()["name"] == "Asha Verm"
    assert add(database, "P-1", "Asha Verm") == add(database, "P-1", "Asha Verma") == wrong
    assert [it["id"] for it in found(admin, name="verma")] == [wrong]


def test_two_are_merged(admin: TestClient, database: Database) -> None:
    """The duplicate's appointments are the patient's, and so is what is booked under it later."""
    first = book(admin)
    second = book(admin, TWO, patient_name="Asha Verm")
    patient, duplicate = ids_of(database, "Asha Verma", "Asha Verm")
    answer = admin.post(f"/v1/patients/{patient}/merge", json={"duplicate_id": duplicate})
    assert (answer.status_code, answer.json()["id"]) == (200, patient)
    third = book(admin, TEN, DAY + timedelta(days=1), patient_name="Asha Verm")
    listed = {it["id"]: it["patient"]["id"] for it in admin.get("/v1/appointments").json()["items"]}
    assert listed == dict.fromkeys([first, second, third], patient)
    assert admin.get(f"/v1/patients/{duplicate}").json()["merged_into"] == patient
    assert [it["id"] for it in found(admin, name="verm")] == [patient]
    event = last_event(database, "patient.merged")
    assert (patient_of(event), event.data) == (
        patient,
        {"duplicate_id": duplicate, "appointments": 1},
    )


def test_a_merge_takes_the_merged_along(admin: TestClient, database: Database) -> None:
    """Who was merged into the duplicate leads to the patient at once, not by a detour."""
    one, two, three = (add(database, "P-1", f"Asha {it}") for it in "abc")
    for patient, duplicate in (two, three), (one, two):
        body = {"duplicate_id": duplicate}
        assert admin.post(f"/v1/patients/{patient}/merge", json=body).status_code == 200
    assert admin.get(f"/v1/patients/{three}").json()["merged_into"] == one
    assert add(database, "P-1", "Asha c") == one


def test_what_cannot_be_merged(admin: TestClient, database: Database) -> None:
    """Nobody is merged with themselves, with who is merged already, erased, or not there."""
    one, two, three, gone = (add(database, "P-1", f"Asha {it}") for it in "abcd")
    admin.post(f"/v1/patients/{one}/merge", json={"duplicate_id": two})
    admin.post(f"/v1/patients/{gone}/erase")
    before = contents(database)

    def merge(patient: object, duplicate: object) -> tuple[int, str]:
        body = {"duplicate_id": str(duplicate)}
        answer = admin.post(f"/v1/patients/{patient}/merge", json=body)
        return answer.status_code, answer.json()["code"]

    assert merge(one, one) == (409, "same-patient")
    assert merge(one, two) == merge(two, three) == merge(three, two) == (409, "patient-merged")
    assert merge(three, gone) == merge(gone, three) == (409, "patient-erased")
    assert merge(three, uuid4()) == merge(uuid4(), three) == (404, "unknown-patient")
    assert contents(database) == before


def test_who_was_merged_is_dealt_with_as_one(admin: TestClient, database: Database) -> None:
    """A change, an export and an erasure of an alias say whose alias it is."""
    one, two = (add(database, "P-1", f"Asha {it}") for it in "ab")
    admin.post(f"/v1/patients/{one}/merge", json={"duplicate_id": two})
    for answer in (
        admin.patch(f"/v1/patients/{two}", json={"name": "Asha"}),
        admin.get(f"/v1/patients/{two}/export"),
        admin.post(f"/v1/patients/{two}/erase"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "patient-merged")
        assert answer.json()["merged_into"] == one

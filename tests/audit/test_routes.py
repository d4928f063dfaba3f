"""Who reads the log, and what they find there."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN, AUDITOR, DOCTOR, RECEPTION, Role
from calendula.database import Database
from calendula.events import service as events
from support.access import bearer, make_key
from support.clinic import RAJESH, TEN, TWO, book, find


@pytest.fixture
def auditor(client: TestClient, database: Database) -> TestClient:
    """The client of the open clinic, with an auditor's key."""
    client.headers.update(bearer(make_key(database, AUDITOR).text))
    return client


def _read(client: TestClient, **params: str) -> Any:
    answer = client.get("/v1/events", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _all(client: TestClient, path: str = "/v1/events", **params: str) -> list[Any]:
    """Return what a reader finds who goes on until a page is empty."""
    seen: list[Any] = []
    page = client.get(path, params=params).json()
    while page["items"]:
        seen += page["items"]
        page = client.get(path, params={**params, "cursor": page["next"]}).json()
    return seen


def test_an_event_says_all_that_is_to_be_known(auditor: TestClient) -> None:
    """Number, instant, actor, action, ids, data and hash are there, and no name of a patient."""
    appointment = book(auditor)
    event = _read(auditor, action="appointment.booked")["items"][0]
    mei = find(auditor)
    patient = event["patient_id"]
    (theirs,) = _read(auditor, patient=patient, doctor=mei, appointment=appointment)["items"]
    assert theirs == event
    assert list(event) == [
        *("number", "at", "action", "actor", "doctor_id", "appointment_id", "patient_id"),
        *("data", "hash"),
    ]
    assert (event["doctor_id"], event["appointment_id"]) == (mei, appointment)
    assert event["actor"].startswith("key:")
    assert event["at"].endswith("Z")
    assert len(bytes.fromhex(event["hash"])) == 32
    assert "Asha" not in str(_all(auditor))


@pytest.mark.parametrize("limit", ["1", "2", "4", "200"])
def test_pages_are_the_log(auditor: TestClient, limit: str) -> None:
    """Pages of any size make up the whole log in the order of the numbers."""
    everything = _all(auditor)
    assert len(everything) == 6
    assert [it["number"] for it in everything] == sorted(it["number"] for it in everything)
    assert _all(auditor, limit=limit) == everything


def test_a_reader_can_go_on_for_ever(auditor: TestClient, database: Database) -> None:
    """There is a next cursor on the last page and on an empty one, which finds what comes later."""
    nothing = _read(auditor, action="later")
    assert nothing["items"] == []
    last = _read(auditor, limit="200")
    empty = _read(auditor, cursor=last["next"])
    assert (empty["items"], empty["next"]) == ([], last["next"])
    with database.write() as session:
        events.record(session, "later", actor="system")
    for cursor in nothing["next"], empty["next"]:
        (later,) = _read(auditor, cursor=cursor, action="later")["items"]
        assert later["action"] == "later"


def test_each_filter_finds_its_own(auditor: TestClient) -> None:
    """Doctor, appointment, patient, action and actor leave out what is another's."""
    book(auditor, TEN)
    theirs = book(auditor, TWO, doctor_name=RAJESH, patient_id="P-2", patient_name="Ravi")
    (booked,) = _read(auditor, appointment=theirs)["items"]
    for only in (
        {"patient": booked["patient_id"]},
        {"doctor": find(auditor, RAJESH), "action": "appointment.booked"},
        {"actor": booked["actor"], "doctor": booked["doctor_id"]},
    ):
        assert _read(auditor, **only)["items"] == [booked], only
    for name in "doctor", "appointment", "patient":
        assert _read(auditor, **{name: str(uuid4())})["items"] == []


def test_a_time_begins_and_ends(auditor: TestClient) -> None:
    """`from` is the first instant that counts, and `to` the first that counts no more."""
    everything = _all(auditor)
    at = everything[3]["at"]
    later = [it for it in everything if it["at"] >= at]
    assert _read(auditor, **{"from": at})["items"] == later
    assert _read(auditor, to=at)["items"] == everything[: -len(later)]
    assert _read(auditor, **{"from": at, "to": at})["items"] == []


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=WyJ4Il0", "limit=0", "limit=201", "who=me", "doctor=1", "from=2027-01-01"],
)
def test_a_bad_query_is_refused(auditor: TestClient, query: str) -> None:
    """A cursor that was made up, an unknown parameter and a naive instant get 422."""
    assert auditor.get(f"/v1/events?{query}").status_code == 422


def test_an_edit_says_before_and_after(auditor: TestClient, database: Database) -> None:
    """What was edited is in the log as it was and as it is, as it goes over the wire."""
    mei = find(auditor)
    admin = bearer(make_key(database, ADMIN).text)
    auditor.patch(f"/v1/doctors/{mei}", json={"specialty": "Surgery"}, headers=admin)
    data = _read(auditor, action="timetable.edited")["items"][0]["data"]
    assert (data["before"]["specialty"], data["after"]["specialty"]) == ("Cardiology", "Surgery")


@pytest.mark.parametrize("role", [ADMIN, RECEPTION, DOCTOR, AUDITOR])
def test_an_appointments_history_is_read(
    client: TestClient, database: Database, role: Role
) -> None:
    """The staff and an auditor see what happened to an appointment, from the first on."""
    appointment, mei = book(client), find(client)
    admin = bearer(make_key(database, ADMIN).text)
    week: dict[str, Any] = {"windows": []}
    client.put(f"/v1/doctors/{mei}/hours", json=week, headers=admin)
    client.headers.update(bearer(make_key(database, role).text))
    path = f"/v1/appointments/{appointment}/history"
    seen = _all(client, path, limit="1")
    assert [it["action"] for it in seen] == ["appointment.booked", "appointment.orphaned"]
    assert seen[1]["data"] == {"before": {"orphaned": False}, "after": {"orphaned": True}}
    assert client.get(path).json()["items"] == seen


def test_anothers_history_is_not_there(client: TestClient, database: Database) -> None:
    """A doctor gets the same bytes for another's appointment as for one that is not there."""
    theirs = book(client, doctor_name=RAJESH)
    client.headers.update(bearer(make_key(database, DOCTOR).text))
    answers = [
        client.get(f"/v1/appointments/{it}/history") for it in (theirs, str(uuid4()), str(uuid4()))
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "unknown-appointment"

"""Where the appointments of a closed date go: which doctor, which slot, with which buffers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from calendula.clinic.closing.proposals import Proposal, Proposals
from calendula.timetables.slots import Span
from support.clinic import DAY, RAJESH, TEN, TWO, book, every_day, find, horizon_to, window

from .conftest import Close

NEXT = DAY + timedelta(days=1)
NINE, HALF_PAST_NINE = "9:00 AM - 9:30 AM", "9:30 AM - 10:00 AM"
AMINA = "Dr. Amina Yusuf"


@pytest.fixture
def rajesh(admin: TestClient, mei: str) -> str:
    """The id of Dr. Rajesh Kumar, who has Dr. Mei Chen's specialty, as nobody else."""
    found = find(admin, RAJESH)
    for doctor, specialty in (
        (mei, "Cardiology"),
        (found, "CARDIOLOGY"),
        (find(admin, AMINA), "X"),
    ):
        answer = admin.patch(f"/v1/doctors/{doctor}", json={"specialty": specialty})
        assert answer.is_success, answer.text
    return found


def _places(closed: Any) -> list[tuple[str, str, str] | None]:
    return [
        (it["doctor_id"], it["date"], it["label"]) if it else None
        for it in (outcome["proposal"] for outcome in closed["outcomes"])
    ]


def _kind(admin: TestClient, minutes: int, **other: Any) -> str:
    body = {"name": "A visit", "duration_minutes": minutes, **other}
    answer = admin.post("/v1/visit-types", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _reserve(admin: TestClient, doctor: str, start: str, kind: str) -> str:
    patient = {"name": "Asha Verma", "email": "asha@example.org"}
    body = {"doctor_id": doctor, "start": start, "visit_type_id": kind, "patient": patient}
    answer = admin.post("/v1/appointments", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_a_colleague_steps_in(
    admin: TestClient, mei: str, rajesh: str, close: Close, action: str
) -> None:
    """The next slot is a colleague's of the same specialty at the same hour, if it is free."""
    book(admin, TEN)
    book(admin, TWO)
    book(admin, TWO, doctor_name=RAJESH)
    closed = close(action, to="specialty")
    assert _places(closed) == [(rajesh, str(DAY), TEN), (rajesh, str(DAY), "2:30 PM - 3:00 PM")]
    if action == "move":
        assert [it["appointment"]["doctor_id"] for it in closed["outcomes"]] == [rajesh] * 2


def test_nobody_else_is_asked(admin: TestClient, mei: str, rajesh: str, close: Close) -> None:
    """Without a word the doctor's own slots are looked at, and no colleague's."""
    book(admin, TEN)
    assert _places(close("cancel")) == [(mei, str(NEXT), NINE)]


def test_who_is_not_active_does_not_step_in(
    admin: TestClient, mei: str, rajesh: str, close: Close
) -> None:
    """A colleague who sees no patients any more is not asked."""
    admin.post(f"/v1/doctors/{rajesh}/deactivate")
    book(admin, TEN)
    assert _places(close("move", to="specialty")) == [(mei, str(NEXT), NINE)]


def test_the_same_doctor_wins_a_tie(admin: TestClient, mei: str, rajesh: str, close: Close) -> None:
    """Of slots at the same hour the doctor's own comes first, then the colleague's."""
    admin.put(f"/v1/doctors/{rajesh}/overrides/{DAY}", json={"windows": []})
    book(admin, TEN)
    book(admin, TWO)
    closed = close("move", to="specialty")
    assert _places(closed) == [(mei, str(NEXT), NINE), (rajesh, str(NEXT), NINE)]


def test_no_two_get_one_slot(admin: TestClient, mei: str, rajesh: str, close: Close) -> None:
    """A whole day moves, each appointment to a slot of its own, none before its hour."""
    offered = [slot["label"] for slot in _day(admin, mei)]
    ids = [book(admin, label) for label in offered]
    book(admin, TEN, doctor_name=RAJESH)
    dry = close("cancel", to="specialty", query="?dry_run")
    closed = close("move", to="specialty")
    assert [it["appointment"]["id"] for it in closed["outcomes"]] == ids
    assert _places(closed) == _places(dry)
    assert len(set(_places(closed))) == len(ids) == 8
    assert {it["outcome"] for it in closed["outcomes"]} == {"moved"}


def _day(admin: TestClient, doctor: str) -> Any:
    only = {"from": str(DAY), "to": str(DAY)}
    (found,) = admin.get(f"/v1/doctors/{doctor}/slots", params=only).json()["dates"]
    return found["slots"]


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_buffers_are_kept(admin: TestClient, mei: str, close: Close, action: str) -> None:
    """What was proposed to one keeps the next away, with the buffers of both."""
    hours = every_day(window("09:00", "12:00"))
    assert admin.put(f"/v1/doctors/{mei}/hours", json=hours).is_success
    kind = _kind(admin, 30, buffer_before_minutes=10, buffer_after_minutes=10)
    for hour in "09:30", "10:30":
        _reserve(admin, mei, f"{DAY}T{hour}:00+05:30", kind)
    book(admin, "11:30 AM - 12:00 PM")
    assert _places(close(action)) == [
        (mei, str(NEXT), HALF_PAST_NINE),
        (mei, str(NEXT), "10:30 AM - 11:00 AM"),
        (mei, str(NEXT), "11:30 AM - 12:00 PM"),
    ]


def test_only_who_offers_the_visit_steps_in(
    admin: TestClient, mei: str, rajesh: str, close: Close
) -> None:
    """A colleague who does not offer this kind of visit is not asked; for others they are."""
    start = f"{DAY}T09:00:00+05:30"
    _reserve(admin, mei, start, _kind(admin, 45, doctor_ids=[mei], public=False))
    book(admin, TEN)
    assert _places(close("move", to="specialty")) == [
        (mei, str(NEXT), "9:00 AM - 9:45 AM"),
        (rajesh, str(DAY), TEN),
    ]


def test_a_colleague_in_another_zone_steps_in(
    admin: TestClient, mei: str, rajesh: str, close: Close
) -> None:
    """What counts is the instant: a colleague's morning may be the doctor's afternoon."""
    admin.patch(f"/v1/doctors/{rajesh}", json={"time_zone": "UTC"})
    book(admin, TEN)
    closed = close("move", to="specialty")
    assert _places(closed) == [(rajesh, str(DAY), NINE)]
    assert closed["outcomes"][0]["proposal"]["start"] == f"{DAY}T09:00:00Z"


def test_a_week_ends_everywhere_at_once(
    admin: TestClient, mei: str, rajesh: str, close: Close
) -> None:
    """The first slot is found where the search goes on from one week to the next, in any zone."""
    book(admin, TEN)
    admin.patch(f"/v1/doctors/{rajesh}", json={"time_zone": "Pacific/Kiritimati"})
    for doctor, days, hours in (
        (mei, 7, window("23:00", "23:30")),
        (rajesh, 8, window("01:00", "01:30")),
    ):
        path, day = f"/v1/doctors/{doctor}", DAY + timedelta(days=days)
        assert admin.put(f"{path}/hours", json={"windows": []}).is_success
        assert admin.put(f"{path}/overrides/{day}", json={"windows": [hours]}).is_success
    place = rajesh, str(DAY + timedelta(days=8)), "1:00 AM - 1:30 AM"
    assert _places(close("move", to="specialty")) == [place]


def test_a_policy_holds_for_whoever_steps_in(
    admin: TestClient, mei: str, rajesh: str, close: Close
) -> None:
    """A colleague's horizon and notice count for their slots, the doctor's for the doctor's."""
    book(admin, TEN)
    admin.put(f"/v1/doctors/{rajesh}/policy", json=horizon_to(DAY - timedelta(days=1)))
    admin.put(f"/v1/doctors/{mei}/policy", json={"minimum_notice_minutes": 60 * 24 * 20})
    ((whose, day, _),) = (it for it in _places(close("move", to="specialty")) if it)
    assert whose == mei
    assert str(DAY + timedelta(days=5)) <= day <= str(DAY + timedelta(days=8))


def test_a_far_slot_is_found(admin: TestClient, mei: str, close: Close) -> None:
    """Months of time off are looked past, up to a year."""
    start = f"{NEXT}T00:00:00+05:30"
    for days, expected in (200, 200), (400, None):
        end = f"{NEXT + timedelta(days=days)}T00:00:00+05:30"
        admin.post(f"/v1/doctors/{mei}/time-off", json={"start": start, "end": end})
        if expected:
            book(admin, TEN)
        (place,) = _places(close("cancel", query="?dry_run"))
        day = str(NEXT + timedelta(days=expected)) if expected else None
        assert (place and place[1]) == day


def test_each_part_of_the_year_is_looked_up_once() -> None:
    """However many appointments there are, what is free is asked for once, without a gap."""
    begin, asked = datetime(2027, 2, 26, tzinfo=UTC), []

    def look(visit_type_id: UUID | None, time: Span) -> Sequence[Proposal]:
        asked.append((visit_type_id, time))
        return []

    proposals, kind = Proposals(look, begin), uuid4()
    for visit_type_id in (None, None, kind, kind):
        assert proposals.take(visit_type_id, begin) is None
    times = [time for visit_type_id, time in asked if visit_type_id is None]
    assert len(asked) == 2 * len(times)
    assert (times[0].start, times[-1].end) == (begin, begin + timedelta(days=366))
    assert all(one.end == other.start for one, other in pairwise(times))

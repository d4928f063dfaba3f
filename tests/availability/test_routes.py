from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from calendula import clock
from calendula.access.roles import DOCTOR, RECEPTION, Role
from calendula.app import create_app
from calendula.database import Database
from calendula.settings import Settings
from support.access import bearer, make_key
from support.clinic import (
    DAY,
    MEI,
    RAJESH,
    TEN,
    book,
    day_of,
    every_day,
    find,
    labels,
    window,
)

KOLKATA = ZoneInfo("Asia/Kolkata")


def _at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=KOLKATA)


def _ask(client: TestClient, doctor: str, first: date, last: date) -> Any:
    asked = {"from": first.isoformat(), "to": last.isoformat()}
    return client.get(f"/v1/doctors/{doctor}/slots", params=asked)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon in Kolkata on the day that is asked about."""
    monkeypatch.setattr(clock, "now", lambda: _at(12).astimezone(UTC))


def test_slots_are_listed_by_date(client: TestClient, mei: str) -> None:
    """Each slot has its instants, with the doctor's offset, and the label that books it."""
    answer = _ask(client, mei, DAY, DAY + timedelta(days=1))
    body = answer.json()
    assert (answer.status_code, body["doctor_id"]) == (200, mei)
    assert body["time_zone"] == "Asia/Kolkata"
    first, second = body["dates"]
    assert (first["date"], second["date"]) == (str(DAY), str(DAY + timedelta(days=1)))
    assert (len(first["slots"]), first["reason"], second["reason"]) == (8, None, None)
    assert first["slots"][2] == {
        "start": f"{DAY}T10:00:00+05:30",
        "end": f"{DAY}T10:30:00+05:30",
        "label": TEN,
    }
    book(client, first["slots"][2]["label"])
    assert TEN not in labels(client, mei)


@pytest.mark.usefixtures("noon")
def test_a_week_is_shown_unless_told(client: TestClient, mei: str) -> None:
    """Without dates it is today's, in the doctor's zone, and six more; `from` moves them."""
    path = f"/v1/doctors/{mei}/slots"
    dates = [it["date"] for it in client.get(path).json()["dates"]]
    assert dates == [str(DAY + timedelta(days=n)) for n in range(7)]
    later = DAY + timedelta(days=3)
    dates = [it["date"] for it in client.get(path, params={"from": str(later)}).json()["dates"]]
    assert (dates[0], len(dates)) == (str(later), 7)
    dates = [it["date"] for it in client.get(path, params={"to": str(later)}).json()["dates"]]
    assert (dates[0], len(dates)) == (str(DAY), 4)


def test_today_is_the_doctors(admin: TestClient, mei: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the evening in Europe, a doctor in Kiritimati has tomorrow."""
    admin.patch(f"/v1/doctors/{mei}", json={"time_zone": "Pacific/Kiritimati"})
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 31, 22, tzinfo=UTC))
    body = admin.get(f"/v1/doctors/{mei}/slots").json()
    assert body["dates"][0]["date"] == "2027-02-01"


@pytest.mark.parametrize(
    ("days", "status"), [(0, 200), (61, 200), (62, 422), (400, 422), (99999, 422), (-1, 422)]
)
def test_a_range_has_its_limit(client: TestClient, mei: str, days: int, status: int) -> None:
    """Sixty-two days are shown, and no more; a range that ends before it begins is none."""
    answer = _ask(client, mei, DAY, DAY + timedelta(days=days))
    assert answer.status_code == status
    if status == 200:
        assert len(answer.json()["dates"]) == days + 1
    else:
        assert answer.json()["code"] == "invalid"


@pytest.mark.parametrize("first", ["0001-01-01", "0001-01-07", "9999-12-25", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_the_ends_of_the_calendar_fail_nothing(
    admin: TestClient, mei: str, first: str, zone: str
) -> None:
    """Near the first and the last date there are slots, or a refusal, in whatever zone."""
    admin.patch(f"/v1/doctors/{mei}", json={"time_zone": zone})
    admin.put(f"/v1/doctors/{mei}/hours", json=every_day(window("00:00", "24:00", 480)))
    visit = {"name": "Long", "duration_minutes": 480, "buffer_before_minutes": 240}
    kind = admin.post("/v1/visit-types", json=visit).json()["id"]
    path = f"/v1/doctors/{mei}/slots"
    for other in {}, {"time_zone": "Pacific/Kiritimati"}, {"visit_type": kind}:
        for to in {}, {"to": first}:
            answer = admin.get(path, params={"from": first, **other, **to})
            assert answer.status_code in {200, 422}
        start = {"start": f"{first}T00:00:00Z"} | {k: v for k, v in other.items() if k[0] == "v"}
        assert admin.get(f"{path}/explain", params=start).status_code in {200, 422}
    assert admin.get(path, params={"to": first}).status_code == 422


def test_offsets_are_of_the_zone_that_is_asked_for(client: TestClient, mei: str) -> None:
    """Another zone writes the same instants another way; dates and labels stay the doctor's."""
    there, here = day_of(client, mei), day_of(client, mei, time_zone="America/New_York")
    starts = [[datetime.fromisoformat(it["start"]) for it in day["slots"]] for day in (there, here)]
    assert starts[0] == starts[1]
    assert {it.utcoffset() for it in starts[0]}.isdisjoint({it.utcoffset() for it in starts[1]})
    assert [it["label"] for it in there["slots"]] == [it["label"] for it in here["slots"]]
    assert there["date"] == here["date"]
    answer = client.get(f"/v1/doctors/{mei}/slots/next?time_zone=America/New_York").json()
    assert answer["time_zone"] == "America/New_York"


def test_an_empty_day_says_why(
    admin: TestClient, closed_client: TestClient, mei: str, noon: None
) -> None:
    """Closed, past and full days each have their word; in an open clinic nothing is past."""
    yesterday, tomorrow = DAY - timedelta(days=1), DAY + timedelta(days=1)
    assert day_of(closed_client, mei, yesterday)["reason"] == "past"
    assert day_of(admin, mei, yesterday)["reason"] is None
    assert labels(closed_client, mei) == ["2:00 PM - 2:30 PM", "2:30 PM - 3:00 PM"]
    for label in labels(admin, mei, tomorrow):
        book(admin, label, tomorrow)
    assert day_of(closed_client, mei, tomorrow)["reason"] == "full"
    admin.put(f"/v1/doctors/{mei}/overrides/{tomorrow}", json={"windows": []})
    assert day_of(closed_client, mei, tomorrow)["reason"] == "closed"


def test_what_took_the_last_slot_is_the_reason(admin: TestClient, mei: str) -> None:
    """Where time off and appointments share a day, the day is full; all off is time off."""
    for label in labels(admin, mei)[:6]:
        book(admin, label)
    off = {"start": _at(14).isoformat(), "end": _at(15).isoformat()}
    admin.post(f"/v1/doctors/{mei}/time-off", json=off)
    assert day_of(admin, mei)["reason"] == "full"
    off = {"start": _at(0).isoformat(), "end": _at(15).isoformat()}
    admin.post(f"/v1/doctors/{mei}/time-off", json=off)
    assert day_of(admin, mei)["reason"] == "time_off"


@pytest.mark.usefixtures("noon")
def test_the_next_slots_are_found(client: TestClient, mei: str) -> None:
    """The first that are free from now on, with their dates, also in an open clinic."""
    path = f"/v1/doctors/{mei}/slots/next"
    (only,) = client.get(path).json()["slots"]
    assert only == {
        "start": f"{DAY}T14:00:00+05:30",
        "end": f"{DAY}T14:30:00+05:30",
        "label": "2:00 PM - 2:30 PM",
        "date": str(DAY),
    }
    book(client, only["label"])
    three = client.get(f"{path}?count=3").json()["slots"]
    assert [it["label"][:7] for it in three] == ["2:30 PM", "9:00 AM", "9:30 AM"]
    assert [it["date"] for it in three[1:]] == [str(DAY + timedelta(days=1))] * 2
    fifty = client.get(f"{path}?count=50").json()["slots"]
    assert len({it["start"] for it in fifty}) == 50
    assert fifty == sorted(fifty, key=lambda it: str(it["start"]))


@pytest.mark.parametrize("count", ["0", "51", "-1", "1.0", "x", "", "1&count=1"])
def test_a_bad_count_is_refused(client: TestClient, mei: str, count: str) -> None:
    """A count is a number from 1 to 50, said once."""
    assert client.get(f"/v1/doctors/{mei}/slots/next?count={count}").status_code == 422


@pytest.mark.parametrize(("days", "found"), [(61, 1), (62, 1), (365, 1), (366, 0)])
@pytest.mark.usefixtures("noon")
def test_the_next_slot_is_within_a_year(admin: TestClient, mei: str, days: int, found: int) -> None:
    """A slot is found up to 365 days ahead, and none is no error."""
    admin.put(f"/v1/doctors/{mei}/hours", json={"windows": []})
    day = DAY + timedelta(days=days)
    only = {"windows": [window("09:00", "09:30")]}
    admin.put(f"/v1/doctors/{mei}/overrides/{day}", json=only)
    assert len(admin.get(f"/v1/doctors/{mei}/slots/next?count=5").json()["slots"]) == found


@pytest.mark.usefixtures("noon")
def test_the_next_slot_keeps_the_policy(admin: TestClient, mei: str) -> None:
    """What is too soon or too far ahead is not next."""
    admin.put(f"/v1/doctors/{mei}/policy", json={"minimum_notice_minutes": 121, "horizon_days": 1})
    slots = admin.get(f"/v1/doctors/{mei}/slots/next?count=50").json()["slots"]
    assert [it["label"][:7] for it in slots[:2]] == ["2:30 PM", "9:00 AM"]
    assert len(slots) == 9


def test_more_days_are_no_more_queries(settings: Settings, database: Database) -> None:
    """However many dates are asked for, the database is asked as often."""
    app = create_app(settings)
    counts: list[int] = []
    statements: list[str] = []
    with TestClient(app) as client:
        mei = find(client)
        reader = app.state.database.reader
        event.listen(reader, "before_cursor_execute", lambda *it: statements.append(it[2]))
        for days in 1, 2, 62:
            statements.clear()
            answer = _ask(client, mei, DAY, DAY + timedelta(days=days - 1))
            assert len(answer.json()["dates"]) == days
            counts.append(len([it for it in statements if "SELECT" in it]))
    assert counts[0] == counts[1] == counts[2]
    assert 0 < counts[0] < 10


@pytest.mark.parametrize("role", [RECEPTION, DOCTOR])
def test_who_may_have_a_slot_explained(
    client: TestClient, database: Database, mei: str, role: Role
) -> None:
    """Reception may ask about everybody, a doctor about themselves, and the public not at all."""
    at, rajesh = {"start": _at(10).isoformat()}, find(client, RAJESH)
    assert client.get(f"/v1/doctors/{mei}/slots/explain", params=at).status_code == 401
    client.headers.update(bearer(make_key(database, role).text))
    statuses = [
        client.get(f"/v1/doctors/{it}/slots/explain", params=at).status_code for it in (mei, rajesh)
    ]
    assert statuses == [200, 403 if role is DOCTOR else 200]
    assert find(client, MEI) == mei

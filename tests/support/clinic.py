"""A clinic to be tried: dates that lie ahead, bookings, and all that its database holds."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient
from sqlalchemy import select

from calendula.database import Base, Database
from calendula.events.models import Event
from support.bodies import BODIES

MEI = "Dr. Mei Chen"
RAJESH = "Dr. Rajesh Kumar"
TEN = "10:00 AM - 10:30 AM"
TWO = "2:00 PM - 2:30 PM"
DAY = datetime.now(UTC).date() + timedelta(days=14)
"""A date that lies ahead in every zone, whatever the hour."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def horizon_to(day: date) -> dict[str, int]:
    """Return the policy by which a date is the last that can be booked, at whatever hour it is."""
    today = datetime.now(ZoneInfo("Asia/Kolkata")).date()
    return {"horizon_days": (day - today).days}


def weekday(day: date) -> str:
    """Return the code of a date's weekday."""
    return WEEKDAYS[day.weekday()]


def window(start: str, end: str, minutes: int = 30, **other: Any) -> dict[str, Any]:
    """Return a window of hours as it goes over the wire."""
    return {"start": start, "end": end, "slot_minutes": minutes, **other}


def every_day(*windows: dict[str, Any]) -> dict[str, Any]:
    """Return a week with these windows on each day."""
    return {"windows": [{**it, "weekday": day} for day in WEEKDAYS for it in windows]}


def find(client: TestClient, name: str = MEI) -> str:
    """Return the id of the doctor of this name."""
    (found,) = client.get("/v1/doctors", params={"name": name}).json()["items"]
    return str(found["id"])


def book(client: TestClient, label: str = TEN, day: date = DAY, **other: str) -> str:
    """Book a slot, of Dr. Mei Chen's unless told otherwise; return the appointment's id."""
    answer = try_to_book(client, label, day, **other)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["appointment_id"])


def try_to_book(client: TestClient, label: str = TEN, day: date = DAY, **other: str) -> Any:
    """Return the answer to a booking, of Dr. Mei Chen's unless told otherwise."""
    who = {"patient_id": "P-1", "patient_name": "Asha Verma", "doctor_name": MEI}
    body = {**who, "date": day.isoformat(), "time_slot": label, **other}
    return client.post("/book_appointment", json=body)


def token(client: TestClient) -> str:
    """Book a slot of Dr. Mei Chen's; return the token that its patient was given."""
    answer = try_to_book(client)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["manage_token"])


def furnish(client: TestClient, key: Mapping[str, str] | None = None) -> dict[str, str]:
    """Let there be an appointment and one of each thing; return their ids by the paths' names."""
    appointment, mei = book(client), find(client)

    def make(path: str, body: Any) -> Any:
        return client.post(f"/v1/{path}", json=body, headers=key).json()

    off = make(f"doctors/{mei}/time-off", BODIES["add_time_off"])
    visit = make("visit-types", {"name": "Check", "duration_minutes": 5})
    auditor = make("keys", {"name": "x", "role": "auditor"})
    (patient,) = make("patients/search", {"identifier": "P-1"})["items"]
    ids = {"doctor": mei, "time_off": off["id"], "visit_type": visit["id"], "key": auditor["id"]}
    ids |= {"patient": patient["id"], "appointment": appointment, "hold": mei}
    named = {f"{it}_id": ids[it] for it in ids}
    return {**named, "date": DAY.isoformat(), "auditors_key": auditor["key"]}


def day_of(client: TestClient, doctor: str, day: date = DAY, **other: str) -> Any:
    """Return what `GET …/slots` says of one date."""
    only = {"from": day.isoformat(), "to": day.isoformat()}
    answer = client.get(f"/v1/doctors/{doctor}/slots", params={**only, **other})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["dates"]
    return found


def labels(client: TestClient, doctor: str, day: date = DAY, **other: str) -> list[str]:
    """Return the labels of the free slots of a date."""
    return [slot["label"] for slot in day_of(client, doctor, day, **other)["slots"]]


def orphans(client: TestClient) -> list[str]:
    """Return the ids of the appointments whose time the timetable has lost."""
    listed = client.get("/v1/appointments", params={"orphaned": "true"}).json()["items"]
    return [str(it["id"]) for it in listed]


def walk(client: TestClient, path: str, **params: str) -> list[Any]:
    """Return what all pages of a list hold, one after the other."""
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(path, params={**params, **cursor}).json()
        seen += page["items"]
        if page["next"] is None:
            return seen
        cursor = {"cursor": page["next"]}


def contents(database: Database) -> dict[str, list[str]]:
    """Return every row of every table; but not when a key was last used, which a read writes."""
    with database.read() as session:
        return {
            table.name: sorted(
                str(row)
                for row in session.execute(
                    select(*(it for it in table.columns if it.name != "last_used_at"))
                )
            )
            for table in Base.metadata.sorted_tables
        }


def last_event(database: Database, action: str) -> Event:
    """Return the latest event of this action."""
    query = select(Event).where(Event.action == action).order_by(Event.number.desc())
    with database.read() as session:
        return session.scalars(query.limit(1)).one()

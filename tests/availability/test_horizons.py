"""How far ahead can be booked goes with the clock, and what was looked up before ends by it."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from calendula import clock
from calendula.availability.together import Asked, Found, days_at
from calendula.database import Database
from calendula.timetables.memory import Memory
from support.clinic import DAY, window


def test_an_answer_ends_when_the_horizon_moves(
    admin: TestClient, mei: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the doctor's midnight another date can be booked: that it cannot is said until then."""
    path, following = f"/v1/doctors/{mei}", DAY + timedelta(days=1)
    hours = {"windows": [window("09:00", "10:00")]}
    assert admin.put(f"{path}/overrides/{following}", json=hours).is_success
    assert admin.put(f"{path}/policy", json={"horizon_days": 1}).is_success

    def look(now: datetime) -> Found:
        monkeypatch.setattr(clock, "now", lambda: now)
        with database.read() as session:
            asked = Asked(UUID(mei), following)
            (found,) = days_at(session, Memory(10), [asked], past=False)
        assert found
        return found

    midnight = datetime.combine(DAY, time.min, ZoneInfo("Asia/Kolkata")).astimezone(UTC)
    before = look(midnight - timedelta(milliseconds=300))
    assert (before.until, before.day.free) == (midnight, [])
    assert look(midnight).day.free

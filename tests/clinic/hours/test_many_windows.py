"""Weeks as large as they may be."""

import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

from fastapi.testclient import TestClient

from support.clinic import DAY, weekday, window


def test_a_large_week_keeps_nobody_waiting(admin: TestClient, mei: str) -> None:
    """Two hundred windows that rotate and never meet are taken, without a search of many years."""
    days = [(DAY + timedelta(weeks=2 * n)).isoformat() for n in range(26)]
    long = [window("00:00", "24:00", every_weeks=52, valid_from=day) for day in days]
    starts = [f"{n // 12:02}:{n % 12 * 5:02}" for n in range(175)]
    odd: dict[str, Any] = {"every_weeks": 50, "valid_from": (DAY + timedelta(weeks=1)).isoformat()}
    short = [window(*it, 5, **odd) for it in pairwise(starts)]
    week = [{**it, "weekday": weekday(DAY)} for it in (*long, *short)]
    began = time.process_time()
    answer = admin.put(f"/v1/doctors/{mei}/hours", json={"windows": week})
    assert (answer.status_code, len(answer.json()["windows"])) == (200, 200)
    assert time.process_time() - began < 4

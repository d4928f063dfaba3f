from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from support.clinic import DAY

Close = Callable[..., Any]


@pytest.fixture
def close(admin: TestClient, mei: str) -> Close:
    """What closes Dr. Mei Chen's date and returns the answer."""

    def close(
        action: str = "move", day: date = DAY, query: str = "", status: int = 200, **other: Any
    ) -> Any:
        body = {"date": day.isoformat(), "action": action, **other}
        answer = admin.post(f"/v1/doctors/{mei}/close-day{query}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return close

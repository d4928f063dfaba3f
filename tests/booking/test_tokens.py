"""How long a patient's token opens an appointment."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from calendula import clock
from calendula.access.models import AppointmentToken
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.events.models import Event
from support.access import bearer
from support.booking import Booked, free
from support.clinic import DAY, contents

NIGHT = f"{DAY}T23:00:00+05:30"
OVERRIDE: dict[str, Any] = {"override": True, "reason": "an emergency", "duration_minutes": 20}


def test_a_token_ends_some_days_after_the_appointment(
    booked: Booked, database: Database, mei: str
) -> None:
    """Seven by default; a move takes its end along."""

    def end() -> timedelta:
        with database.read() as session:
            row = session.execute(
                select(AppointmentToken.expires_at, Appointment.ends_at).join(Appointment)
            ).one()
        end: timedelta = row.expires_at - row.ends_at
        return end

    assert end() == timedelta(days=7)
    booked.do("move", start=free(booked.client, mei)[3])
    assert end() == timedelta(days=7)
    with database.write() as session:
        session.execute(update(AppointmentToken).values(expires_at=clock.now()))
    expired = booked.read()
    assert (expired.status_code, expired.json()["code"]) == (401, "invalid-token")


def test_the_staff_revokes_and_gives_tokens(
    booked: Booked, database: Database, desk: dict[str, str]
) -> None:
    """All of them end; another one opens the appointment again. Both are in the log."""
    for _ in range(2):
        assert booked.client.delete(f"{booked.path}/tokens", headers=desk).status_code == 204
    assert booked.read().status_code == 401
    given = booked.client.post(f"{booked.path}/tokens", headers=desk)
    assert given.status_code == 201
    token = given.json()["manage_token"]
    assert booked.read(bearer(token)).status_code == 200
    assert token not in str(contents(database))
    with database.read() as session:
        query = select(Event.action).where(Event.action.startswith("token."))
        assert session.scalars(query.order_by(Event.number)).all() == [
            "token.revoked",
            "token.issued",
        ]


@pytest.mark.parametrize("token", ["mng_", "mng_" + "a" * 43, "mng_" + "a" * 42, "mng_\u00e9"])
def test_what_is_no_token_opens_nothing(booked: Booked, token: str) -> None:
    """Truncated, unknown or mistyped: 401, and nobody is told which."""
    headers = {"Authorization": f"Bearer {token}".encode()}
    answer = booked.client.get(booked.path, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["detail"]) == (401, "The key is not valid.")

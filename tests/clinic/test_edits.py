"""An edit of the whole clinic, and doctors who come while it is under way."""

import pytest
from fastapi.testclient import TestClient

from calendula.clinic import edits
from calendula.database import Database
from calendula.errors import Unavailable
from calendula.http.etags import Precondition
from calendula.settings import Settings
from calendula.timetables import service as timetables


def test_time_off_is_given_to_what_was_seen(admin: TestClient, mei: str) -> None:
    """Time off is an edit like others: with a stale version it is neither given nor taken back."""
    off = {"start": "2099-01-01T00:00:00Z", "end": "2099-01-02T00:00:00Z"}
    stale = {"If-Match": '"0"'}
    for path in f"/v1/doctors/{mei}/time-off", "/v1/time-off":
        assert admin.post(path, json=off, headers=stale).status_code == 412
        given = admin.post(path, json=off).headers["location"]
        assert admin.delete(given, headers=stale).status_code == 412
        assert admin.delete(given).status_code == 200
    assert admin.get(f"/v1/doctors/{mei}/time-off").json()["items"] == []


def test_a_doctor_comes_before_an_edit_of_the_clinic_or_after_it(
    database: Database, settings: Settings
) -> None:
    """While the clinic is edited nobody is added, whom the edit would not see."""
    impatient = settings.model_copy(update={"lock_timeout": 0.2, "pool_timeout": 0.2})
    other = Database.from_settings(impatient)
    with database.write() as session:
        edits.begin_for_clinic(session, Precondition())
        with pytest.raises(Unavailable), other.write() as late:
            timetables.add_doctor(late, "Dr. Late", time_zone="UTC", actor="command")
    other.close()
    with database.write() as session:
        added = timetables.add_doctor(session, "Dr. Late", time_zone="UTC", actor="command")
        edits.begin_for_clinic(session, Precondition())
        assert added in edits.begin_for_all(session)

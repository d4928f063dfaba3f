"""An edit of the whole clinic, and doctors who come while it is under way."""

import pytest

from calendula.clinic import edits
from calendula.database import Database
from calendula.errors import Unavailable
from calendula.http.etags import Precondition
from calendula.settings import Settings
from calendula.timetables import service as timetables


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

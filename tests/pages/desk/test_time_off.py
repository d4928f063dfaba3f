from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from calendula.access.roles import DOCTOR, RECEPTION
from calendula.database import Database
from calendula.pages.desk.time_off import Form
from calendula.timetables.models import TimeOff
from support.clinic import DAY, RAJESH, book, find, last_event, orphans
from support.desk import DeskClient, words

KOLKATA = ZoneInfo("Asia/Kolkata")
WHOLE = {"from_date": DAY.isoformat()}
HOURS = {**WHOLE, "from_time": "09:30", "until_time": "10:30", "reason": "A talk"}


def _all(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(TimeOff)).one()


def _wall(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=KOLKATA)


def _path(mei: str) -> str:
    return f"/desk/doctors/{mei}/time-off"


def test_a_preview_changes_nothing(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """It is shown who would lose their time, with their contact, before anything is done."""
    book(admin)
    page = desk.submit(_path(mei), **HOURS)
    assert page.status_code == 200
    assert "1 appointment would lose its time" in words(page)
    assert "Asha Verma" in words(page)
    assert not _all(database)
    assert not orphans(admin)
    assert last_event(database, "patient.read").patient_id is not None


def test_time_is_blocked(desk: DeskClient, admin: TestClient, mei: str, database: Database) -> None:
    """What was previewed is done, in the doctor's own time, and the orphans are shown."""
    appointment = book(admin)
    answer = desk.submit(_path(mei), **HOURS, step="do")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/desk/orphaned?done=time-blocked"
    assert orphans(admin) == [appointment]
    with database.read() as session:
        off = session.scalars(select(TimeOff)).one()
    assert (off.starts_at, off.ends_at) == (_wall(9, 30), _wall(10, 30))
    assert (off.doctor_id, off.reason) == (UUID(mei), "A talk")


def test_nobody_in_the_way(desk: DeskClient, mei: str) -> None:
    """Where nobody loses their time, that is said, and the list of what is blocked comes next."""
    assert "No appointment would lose its time." in words(desk.submit(_path(mei), **HOURS))
    answer = desk.submit(_path(mei), **HOURS, step="do")
    assert answer.headers["location"] == f"{_path(mei)}?done=time-blocked"
    page = words(desk.get(answer.headers["location"]))
    assert "The time is blocked." in page
    assert "9:30 AM to" in page
    assert "A talk" in page


def test_whole_days_are_said_to_be(desk: DeskClient, mei: str) -> None:
    """Who blocks days is shown days, not midnights."""
    assert ", all day" in words(desk.submit(_path(mei), **WHOLE))
    last = DAY + timedelta(days=1)
    page = words(desk.submit(_path(mei), **WHOLE, until_date=last.isoformat()))
    assert f"{last.year}, all day" in page
    assert "12:00" not in page


def test_it_can_be_taken_back(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """Who takes time back lets the appointments in it have their time again."""
    book(admin)
    desk.submit(_path(mei), **WHOLE, step="do")
    assert orphans(admin)
    with database.read() as session:
        off = session.scalars(select(TimeOff.id)).one()
    answer = desk.submit(f"{_path(mei)}/{off}/remove")
    assert answer.status_code == 303
    assert not _all(database)
    assert not orphans(admin)
    assert "Nothing is blocked." in words(desk.get(_path(mei)))


def test_what_is_gone_cannot_be_taken_back(desk: DeskClient, mei: str) -> None:
    """A second press finds nothing, and says so on a page."""
    assert desk.submit(f"{_path(mei)}/{uuid4()}/remove").status_code == 404


def test_something_can_be_changed(desk: DeskClient, mei: str) -> None:
    """From the preview there is a way back, with all that was typed."""
    page = desk.submit(_path(mei), **HOURS, step="change")
    assert page.status_code == 200
    for typed in HOURS.values():
        assert f'value="{typed}"' in page.text


@pytest.mark.parametrize(
    ("fields", "said", "where"),
    [
        ({}, "Enter the first day.", "from_date"),
        ({"from_date": "2027-02-30"}, "Enter the first day as a date", "from_date"),
        ({**WHOLE, "until_date": "2020-01-01"}, "The end must be after", "until_date"),
        ({**WHOLE, "from_time": "10:00", "until_time": "10:00"}, "must be after", "until_date"),
        ({**WHOLE, "from_time": "25:00"}, "Enter the time of day from", "from_time"),
        ({**WHOLE, "until_time": "9"}, "Enter the time of day until", "until_time"),
        ({**WHOLE, "reason": "x" * 300}, "Enter a shorter reason", "reason"),
    ],
)
def test_mistakes_are_told_at_their_place(
    desk: DeskClient, mei: str, fields: dict[str, str], said: str, where: str
) -> None:
    """What is wrong is said above the form and at its field, and nothing typed is lost."""
    page = desk.submit(_path(mei), **fields, step="do")
    assert page.status_code == 422
    assert page.text.count(said) == 2
    assert f'href="#{where}"' in page.text
    assert "<title>Error: " in page.text
    for typed in fields.values():
        assert f'value="{typed}"' in page.text


def test_the_whole_clinic(
    desk: DeskClient, admin: TestClient, mei: str, database: Database
) -> None:
    """What is blocked for the clinic is blocked for all, and is not a doctor's to take back."""
    some = [book(admin), book(admin, doctor_name=RAJESH, patient_id="P-2")]
    preview = desk.submit("/desk/time-off", **HOURS)
    assert "2 appointments would lose their time" in words(preview)
    assert desk.submit("/desk/time-off", **HOURS, step="do").status_code == 303
    assert sorted(orphans(admin)) == sorted(some)
    page = desk.get(_path(mei))
    assert "The whole clinic" in words(page)
    assert "/remove" not in page.text
    with database.read() as session:
        off = session.scalars(select(TimeOff.id)).one()
    assert desk.submit(f"{_path(mei)}/{off}/remove").status_code == 404
    assert desk.submit(f"/desk/time-off/{off}/remove").status_code == 303
    assert not orphans(admin)


def test_a_doctor_blocks_their_own_time_alone(
    door: DeskClient, admin: TestClient, database: Database, mei: str
) -> None:
    """A doctor may block their own time, nobody else's and not the clinic's."""
    door.sign_in(database, DOCTOR)
    assert door.submit(_path(mei), **WHOLE, step="do").status_code == 303
    for path in (_path(find(admin, RAJESH)), "/desk/time-off"):
        assert door.get(path).status_code == 403
        assert door.submit(path, **WHOLE, step="do").status_code == 403
    assert _all(database) == 1


def test_a_form_of_another_session_is_refused(
    door: DeskClient, database: Database, mei: str
) -> None:
    """Without what the session's own pages carry, nothing is blocked."""
    door.sign_in(database, RECEPTION)
    assert door.post(_path(mei), data={**WHOLE, "step": "do"}).status_code == 403
    assert not _all(database)


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({}, _wall(0), _wall(0, day=DAY + timedelta(1))),
        ({"from_time": "13:00"}, _wall(13), _wall(0, day=DAY + timedelta(1))),
        ({"until_date": DAY + timedelta(2)}, _wall(0), _wall(0, day=DAY + timedelta(3))),
        ({"until_time": "12:00"}, _wall(0), _wall(12)),
    ],
)
def test_what_is_left_out(fields: dict[str, object], start: datetime, end: datetime) -> None:
    """Without times, days are blocked from midnight to midnight; without a last day, it is one."""
    form = Form.model_validate({**WHOLE, **{name: str(it) for name, it in fields.items()}})
    new = form.new(KOLKATA)
    assert new is not None
    assert (new.start, new.end) == (start, end)


def test_the_calendar_has_an_end() -> None:
    """What would reach beyond the calendar is not taken for something else."""
    last = datetime.max.replace(tzinfo=UTC).date().isoformat()
    assert Form.model_validate({"from_date": last}).new(KOLKATA) is None

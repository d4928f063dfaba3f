from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendula.timetables.policy import Limits, Policy
from calendula.timetables.slots import Slot

NOW = datetime(2027, 1, 4, 20, tzinfo=UTC)
KOLKATA = ZoneInfo("Asia/Kolkata")


def _slot(start: datetime, day: date = date(2027, 1, 5)) -> Slot:
    return Slot(start, start + timedelta(minutes=30), day, "")


def _broken(limits: Limits, slot: Slot) -> list[str]:
    return list(limits.against(slot))


def test_a_doctors_word_stands_above_the_clinics() -> None:
    """Where both speak of a limit the doctor's word holds, also where it is that there is none."""
    clinic = {"horizon_days": 30, "minimum_notice_minutes": 60}
    doctor = {"horizon_days": None, "max_future_appointments": 2}
    policy = Policy.of(clinic, doctor)
    assert policy == Policy(minimum_notice_minutes=60, max_future_appointments=2)
    assert Policy.of({}) == Policy()


def test_without_limits_only_the_past_is_refused() -> None:
    """What begins right now can still be booked; where the past may be booked, all of it."""
    closed = Limits.at(NOW, Policy(), KOLKATA, past=False)
    opened = Limits.at(NOW, Policy(), KOLKATA, past=True)
    before = NOW - timedelta(seconds=1)
    assert (_broken(closed, _slot(NOW)), _broken(closed, _slot(before))) == ([], ["past"])
    assert _broken(opened, _slot(before)) == []


def test_notice_is_from_now_to_the_start() -> None:
    """With an hour's notice, what begins in an hour can be booked, and nothing sooner."""
    limits = Limits.at(NOW, Policy(minimum_notice_minutes=60), KOLKATA, past=True)
    hour = NOW + timedelta(hours=1)
    assert _broken(limits, _slot(hour)) == []
    assert _broken(limits, _slot(hour - timedelta(seconds=1))) == ["notice"]


@pytest.mark.parametrize(("days", "last"), [(0, date(2027, 1, 5)), (10, date(2027, 1, 15))])
def test_the_horizon_is_a_day_of_the_doctor(days: int, last: date) -> None:
    """Days are counted from today where the doctor is: in Kolkata it is the fifth already."""
    limits = Limits.at(NOW, Policy(horizon_days=days), KOLKATA, past=False)
    assert _broken(limits, _slot(NOW, last)) == []
    assert _broken(limits, _slot(NOW, last + timedelta(days=1))) == ["horizon"]


def test_every_limit_that_is_broken_is_told() -> None:
    """A slot may be too soon and too far ahead, and the past both at once."""
    policy = Policy(minimum_notice_minutes=60, horizon_days=0)
    limits = Limits.at(NOW, policy, KOLKATA, past=False)
    assert _broken(limits, _slot(NOW, date(2027, 1, 6))) == ["notice", "horizon"]
    assert _broken(limits, _slot(NOW - timedelta(days=1))) == ["past", "notice"]


def test_the_horizon_ends_with_the_calendar() -> None:
    """A horizon beyond the last date is no error."""
    end = datetime(9999, 12, 1, tzinfo=UTC)
    limits = Limits.at(end, Policy(horizon_days=60), KOLKATA, past=False)
    assert limits.last_day == date.max

from datetime import UTC, datetime, timedelta

import pytest

from calendula.appointments import cutoffs
from calendula.appointments.cutoffs import TooLate
from calendula.appointments.lifecycle import Action
from calendula.timetables.policy import Policy
from support.appointments import START, Situation

POLICY = Policy(cancel_cutoff_minutes=60, move_cutoff_minutes=120)
CALL = "Please call the clinic."


def test_each_action_has_its_own_end() -> None:
    """The two cutoffs count from the start, each for itself."""
    assert cutoffs.ends(Situation("booked"), POLICY) == {
        Action.CANCEL: START - timedelta(hours=1),
        Action.MOVE: START - timedelta(hours=2),
    }


def test_without_a_cutoff_the_start_is_the_end() -> None:
    """What has begun can be changed by the staff alone."""
    assert set(cutoffs.ends(Situation("booked"), Policy()).values()) == {START}


@pytest.mark.parametrize("status", ["arrived", "checked-in", "cancelled", "fulfilled", "noshow"])
def test_only_what_is_booked_can_be_changed(status: str) -> None:
    """In any other state the patient can do nothing, and no time is named."""
    assert cutoffs.ends(Situation(status), POLICY) == {}


def test_at_the_cutoff_it_is_too_late() -> None:
    """An instant before is in time; the refusal says whom to call."""
    end = START - timedelta(hours=1)
    just_before = end - timedelta(microseconds=1)
    cutoffs.check(Situation("booked"), POLICY, Action.CANCEL, just_before, CALL)
    with pytest.raises(TooLate, match=rf"cancelled here no more. {CALL}"):
        cutoffs.check(Situation("booked"), POLICY, Action.CANCEL, end, CALL)
    with pytest.raises(TooLate, match="moved"):
        cutoffs.check(Situation("booked"), POLICY, Action.MOVE, just_before, CALL)


@pytest.mark.parametrize("status", ["arrived", "checked-in"])
def test_who_has_arrived_is_with_the_staff(status: str) -> None:
    """However long before the start they came."""
    with pytest.raises(TooLate):
        cutoffs.check(Situation(status), POLICY, Action.CANCEL, START - timedelta(days=9), CALL)


def test_the_calendar_begins_somewhere() -> None:
    """A cutoff before the first instant that there is is the start itself."""
    first = datetime.min.replace(tzinfo=UTC)
    ends = cutoffs.ends(Situation("booked", starts_at=first), POLICY)
    assert set(ends.values()) == {first}

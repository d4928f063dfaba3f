"""The table of states against a copy of what was agreed, and the rule that reads it."""

from datetime import timedelta

import pytest

from calendula.appointments.lifecycle import TABLE, Action, TransitionNotAllowed, allowed, check
from calendula.appointments.status import Status
from support.appointments import START, Situation

BEFORE, AFTER = START - timedelta(hours=1), START + timedelta(hours=1)

AGREED = {
    "pending": {"booked", "cancelled"},
    "booked": {"booked", "arrived", "checked-in", "cancelled", "noshow"},
    "arrived": {"checked-in", "fulfilled", "cancelled", "booked"},
    "checked-in": {"fulfilled", "cancelled"},
    "noshow": {"booked"},
    "fulfilled": set(),
    "cancelled": set(),
    "entered-in-error": set(),
}
"""Where each state can go, but for entered-in-error, where all others can."""


@pytest.mark.parametrize("status", Status)
def test_the_states_lead_where_they_were_agreed_to(status: Status) -> None:
    """Every transition is in the table, and none beside."""
    found = set(allowed(Situation(status), AFTER).values())
    mistake = {"entered-in-error"} - {status}
    assert found == AGREED[status] | mistake


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
def test_what_is_not_in_the_table_is_refused(status: Status, action: Action) -> None:
    """A refusal names the state and all that is legal; what is legal leads to its target."""
    sources, target = TABLE[action]
    situation = Situation(status)
    if status in sources:
        assert check(situation, action, AFTER) == target
        return
    with pytest.raises(TransitionNotAllowed) as refusal:
        check(situation, action, AFTER)
    assert refusal.value.members == {
        "appointment_status": status.value,
        "allowed": {str(it): str(to) for it, to in allowed(situation, AFTER).items()},
    }


def test_nobody_is_absent_before_the_start() -> None:
    """A no-show can be written down from the start on, and not an instant before."""
    assert Action.NO_SHOW not in allowed(Situation("booked"), START - timedelta(microseconds=1))
    assert Action.NO_SHOW in allowed(Situation("booked"), START)


def test_a_hold_is_booked_before_it_expires() -> None:
    """At the instant of its expiry a hold can be confirmed no more; it can still be let go."""
    hold = Situation("pending", expires_at=BEFORE)
    assert Action.CONFIRM in allowed(hold, BEFORE - timedelta(microseconds=1))
    assert Action.CONFIRM not in allowed(hold, BEFORE)
    assert Action.CANCEL in allowed(hold, BEFORE)


def test_a_move_is_not_an_undo() -> None:
    """Both lead to booked, but who has arrived is not moved, and what is booked is not undone."""
    assert Action.MOVE not in allowed(Situation("arrived"), AFTER)
    assert Action.UNDO not in allowed(Situation("booked"), AFTER)

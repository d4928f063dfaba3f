from collections import Counter

from support.rivals import Rivals, code

ROUNDS = 30


def test_a_cancelled_appointment_holds_nothing(rivals: Rivals, outcomes: Counter[str]) -> None:
    """Of a move and a cancellation at once, one is later and sees the other; no time stays held."""
    for number in range(ROUNDS):
        here, there = rivals.wish(number, 9), rivals.wish(number, 11)
        booked = rivals.made(rivals.booking(here))["id"]
        moved, cancelled = rivals.race([rivals.move(booked, there), rivals.cancel(booked)])
        outcomes[f"move {code(moved)}, cancel {code(cancelled)}"] += 1
        assert cancelled.status == 200
        assert code(moved) in {"200", "transition-not-allowed"}
        row, changes = rivals.row(booked), 2 if moved.status == 200 else 1
        assert (row.status, row.sequence, row.version) == ("cancelled", changes, 1 + changes)
        assert row.starts_at.hour == (11 if moved.status == 200 else 9)
        assert rivals.held(number) == []
        for wish in here, there:
            rivals.made(rivals.booking(wish))

import time
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update

from calendula import clock
from calendula.appointments.models import Appointment
from support.rivals import Request, Rivals, code

ROUNDS = 30
CLIENTS = 4
_AHEAD = timedelta(milliseconds=60)  # about as long as it takes until all are ready


def test_a_cancelled_slot_is_anothers(rivals: Rivals, outcomes: Counter[str]) -> None:
    """Of those who want a slot that is cancelled at that moment, one at most gets it."""
    for number in range(ROUNDS):
        wish = rivals.wish(number, 10)
        old = rivals.made(rivals.booking(wish))["id"]
        bookings = [rivals.booking(wish, patient) for patient in range(1, CLIENTS + 1)]
        cancelled, *others = rivals.race([rivals.cancel(old), *bookings])
        codes = [code(it) for it in others]
        outcomes[f"{codes.count('201')} got it"] += 1
        assert cancelled.status == 200
        assert set(codes) <= {"201", "slot-taken"}
        won = [it.members["id"] for it in others if it.status == 201]
        assert len(won) <= 1
        assert [str(it.id) for it in rivals.held(number)] == won


def test_a_hold_that_expires_is_one_patients(rivals: Rivals, outcomes: Counter[str]) -> None:
    """As a hold expires, its holder books or a rival who waits for it: one of them has the slot."""
    for number in range(ROUNDS):
        wish = rivals.wish(number, 10)
        hold = rivals.made(Request("POST", "/v1/holds", wish))
        end = clock.now() + _AHEAD
        _let_expire(rivals, hold["id"], end)
        time.sleep(max(0, (end - clock.now()).total_seconds() - 0.01))
        mine, rival = rivals.race(
            [rivals.booking(wish, 1, hold=hold["token"]), rivals.booking(wish, 2)],
            insist="slot-held",
        )
        outcomes[f"holder {code(mine)}, rival {code(rival)}"] += 1
        assert (code(mine), code(rival)) in {("201", "slot-taken"), ("hold-ended", "201")}
        (held,) = rivals.held(number)
        assert str(held.id) == (mine if mine.status == 201 else rival).members["id"]


def _let_expire(rivals: Rivals, hold_id: str, end: datetime) -> None:
    this = Appointment.id == UUID(hold_id)
    with rivals.database.write() as session:
        session.execute(update(Appointment).where(this).values(expires_at=end))

"""One patient books by a hold and without one at the same moment, where a limit is one."""

from collections import Counter
from datetime import timedelta

from support.clinic import DAY
from support.rivals import Request, Rivals, code

ROUNDS = 20


def test_a_limit_locks_nobody_out(rivals: Rivals, outcomes: Counter[str]) -> None:
    """One of the two bookings is made, the other is refused, and neither waits for ever."""
    it = rivals.wish(0, 10)
    path = f"/v1/doctors/{it['doctor_id']}/policy"
    limit = Request("PUT", path, {"max_future_appointments": 1}, rivals.staff)
    assert [it.status for it in rivals.race([limit])] == [200]
    for number in range(ROUNDS):
        wish, other = (
            {**it, "start": f"{DAY + timedelta(number)}T{hour}:00:00Z"} for hour in (10, 14)
        )
        token = rivals.made(Request("POST", "/v1/holds", wish, rivals.staff))["token"]
        pair = [rivals.booking(wish, number, hold=token), rivals.booking(other, number)]
        codes = sorted(code(answer) for answer in rivals.race(pair))
        outcomes.update([" ".join(codes)])
        assert codes == ["201", "too-many-appointments"]

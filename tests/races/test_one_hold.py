from collections import Counter

from support.rivals import Request, Rivals, code

ROUNDS = 30
CLIENTS = 6
LIMIT = 5  # of a client, as the settings say where they say nothing
HOURS = [9, 10, 11, 14]


def test_a_hold_is_booked_once(rivals: Rivals, outcomes: Counter[str]) -> None:
    """Of those who book one hold at once, one gets the time; to the others the hold has ended."""
    for number in range(ROUNDS):
        wish = rivals.wish(number, 10)
        token = rivals.made(Request("POST", "/v1/holds", wish))["token"]
        bookings = [rivals.booking(wish, patient, hold=token) for patient in range(CLIENTS)]
        answers = rivals.race(bookings)
        codes = [code(answer) for answer in answers]
        outcomes.update(codes)
        assert codes.count("201") == 1
        assert set(codes) <= {"201", "hold-ended"}
        (held,) = rivals.held(number)
        (won,) = (answer.members["id"] for answer in answers if answer.status == 201)
        assert (str(held.id), held.status) == (won, "booked")


def test_nobody_holds_more_than_their_limit(rivals: Rivals, outcomes: Counter[str]) -> None:
    """Who asks for eight times at once has five of them at the most, and so many answers say so."""
    for number in range(ROUNDS):
        wishes = [
            rivals.wish(number, hour, it) for hour in HOURS for it in list(rivals.doctors)[:2]
        ]
        answers = rivals.race([Request("POST", "/v1/holds", wish) for wish in wishes])
        codes = [code(answer) for answer in answers]
        outcomes.update(codes)
        assert set(codes) <= {"201", "too-many-holds"}
        assert 1 <= codes.count("201") <= LIMIT
        held = {str(it.id) for it in rivals.held(number)}
        assert held == {answer.members["id"] for answer in answers if answer.status == 201}
        for hold_id in held:
            rivals.race([Request("DELETE", f"/v1/holds/{hold_id}", None, rivals.staff)])

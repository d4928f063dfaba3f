from collections import Counter

from support.rivals import MEI, RAJESH, Rivals, code

ROUNDS = 30


def test_one_is_moved_into_a_slot(rivals: Rivals, outcomes: Counter[str]) -> None:
    """Of two that are moved into one slot at once, one goes there; the other stays as it was."""
    for number in range(ROUNDS):
        there = rivals.wish(number, 11)
        both = [
            rivals.made(rivals.booking(rivals.wish(number, 9, it)))["id"] for it in (RAJESH, MEI)
        ]
        codes = [code(it) for it in rivals.race([rivals.move(it, there) for it in both])]
        outcomes[" ".join(codes)] += 1
        assert sorted(codes) == ["200", "slot-taken"]
        for appointment_id, each in zip(both, codes, strict=True):
            row, went = rivals.row(appointment_id), each == "200"
            assert (row.starts_at.hour, row.sequence) == ((11, 1) if went else (9, 0))
            assert went is False or str(row.doctor_id) == rivals.doctors[RAJESH]
        assert len(rivals.held(number)) == 2


def test_two_cannot_change_places(rivals: Rivals, outcomes: Counter[str]) -> None:
    """Two that are moved into each other's slots at once are refused, and stay where they are."""
    for number in range(ROUNDS):
        places = [rivals.wish(number, 9, it) for it in (RAJESH, MEI)]
        both = [rivals.made(rivals.booking(place))["id"] for place in places]
        moves = [rivals.move(it, place) for it, place in zip(both, places[::-1], strict=True)]
        codes = [code(it) for it in rivals.race(moves * 2)]
        outcomes.update(codes)
        assert codes == ["slot-taken"] * 4
        assert [rivals.row(it).sequence for it in both] == [0, 0]
        assert len(rivals.held(number)) == 2


def test_one_follows_another(rivals: Rivals, outcomes: Counter[str]) -> None:
    """Who wants the slot that another leaves at that moment gets it or stays: nobody is lost."""
    for number in range(ROUNDS):
        here, free = rivals.wish(number, 9, RAJESH), rivals.wish(number, 10, MEI)
        leaver = rivals.made(rivals.booking(here))["id"]
        follower = rivals.made(rivals.booking(rivals.wish(number, 9, MEI)))["id"]
        moves = [rivals.move(leaver, free), rivals.move(follower, here)]
        left, followed = (code(it) for it in rivals.race(moves))
        outcomes[f"{left} {followed}"] += 1
        assert (left, followed) in {("200", "200"), ("200", "slot-taken")}
        assert rivals.row(leaver).starts_at.hour == 10
        doctor = RAJESH if followed == "200" else MEI
        assert str(rivals.row(follower).doctor_id) == rivals.doctors[doctor]
        assert len(rivals.held(number)) == 2

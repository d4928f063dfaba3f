from support import load
from support.servers import Server

CLIENTS = 50
ROUNDS = 24

# Each overlaps its neighbours. These sets are all that do not overlap and leave no room for more.
A, B, C, D = load.CHAIN
COMPLETE = ({A, C}, {A, D}, {B, D})


def test_overlapping_slots_exclude_each_other(service: Server, database_url: str) -> None:
    """Of overlapping slots, no two are booked that overlap, and none stays free without need."""
    load.offer_overlaps(database_url)
    won = []
    for number in range(ROUNDS):
        bookings = load.chain(number, CLIENTS)
        answers = load.all_at_once(service.url, bookings)
        assert {answer.status for answer in answers} == {201, 409}
        refusals = {answer.members["msg"] for answer in answers if answer.status == 409}
        assert refusals == {load.TAKEN}
        labels = [answer.members["time_slot"] for answer in answers if answer.status == 201]
        assert len(set(labels)) == len(labels)
        assert set(labels) in COMPLETE
        won += [(load.day(number), label) for label in labels]
    held = [(each.date, each.slot) for each in load.held(database_url)]
    assert sorted(held) == sorted(won)
    assert load.double_bookings(database_url) == []


def test_neighbours_do_not_exclude_each_other(service: Server, database_url: str) -> None:
    """Who want different slots of one day at the same moment all get theirs."""
    slots = len(load.LABELS)
    for number in range(ROUNDS):
        bookings = [load.slot(number * slots + each) for each in range(slots)]
        answers = load.all_at_once(service.url, bookings)
        assert [answer.status for answer in answers] == [201] * slots
    assert len(load.held(database_url)) == ROUNDS * slots
    assert load.double_bookings(database_url) == []

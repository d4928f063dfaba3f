from support import load
from support.servers import Server

CLIENTS = 50
ROUNDS = 100


def test_one_client_gets_the_slot(service: Server, database_url: str) -> None:
    """Of 50 who want one slot at the same moment, one gets it and 49 are told that it is taken."""
    for number in range(ROUNDS):
        answers = load.all_at_once(service.url, load.same_slot(number, CLIENTS))
        assert sorted(answer.status for answer in answers) == [201] + [409] * (CLIENTS - 1)
        refusals = {answer.members["msg"] for answer in answers if answer.status == 409}
        assert refusals == {load.TAKEN}
    wanted = [load.slot(number) for number in range(ROUNDS)]
    held = [(each.date, each.slot) for each in load.held(database_url)]
    assert sorted(held) == sorted((slot.day, slot.label) for slot in wanted)
    assert load.double_bookings(database_url) == []

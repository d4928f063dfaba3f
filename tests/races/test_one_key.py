from pathlib import Path

from support import load
from support.load import Answer
from support.servers import Server

CLIENTS = 50
ROUNDS = 10


def test_one_key_books_once(tmp_path: Path, database_url: str) -> None:
    """One booking sent 50 times at once with one key is made once, and answered alike for ever."""
    slots = [load.slot(number) for number in range(ROUNDS)]
    bodies = []
    with load.service(tmp_path, database_url) as service:
        for slot in slots:
            answers = load.all_at_once(service.url, [slot] * CLIENTS, key=slot.key)
            assert [answer.replayed for answer in answers].count(False) == 1
            bodies.append(_only_body(answers))
        service.kill()
    with load.service(tmp_path, database_url) as service, load.connection_to(service.url) as client:
        again = [load.book(client, slot, key=slot.key) for slot in slots]
    assert again == [Answer(201, body, replayed=True) for body in bodies]
    assert len(load.held(database_url)) == ROUNDS


def test_one_key_is_for_one_booking(service: Server, database_url: str) -> None:
    """Of two bookings sent at once with one key, one is made; the other is told of the mistake."""
    for number in range(ROUNDS):
        morning, afternoon = (load.Booking(load.day(number), load.LABELS[n]) for n in (0, 7))
        answers = load.all_at_once(service.url, [morning, afternoon] * (CLIENTS // 2), f"{number}")
        made, refused = answers[::2], answers[1::2]
        if made[0].status != 201:
            made, refused = refused, made
        assert [answer.replayed for answer in made].count(False) == 1
        _only_body(made)
        assert {answer.status for answer in refused} == {422}
        assert {answer.members["code"] for answer in refused} == {"idempotency-key-reused"}
    assert len({each.date for each in load.held(database_url)}) == ROUNDS
    assert len(load.held(database_url)) == ROUNDS


def _only_body(answers: list[Answer]) -> bytes:
    assert {answer.status for answer in answers} == {201}
    (body,) = {answer.body for answer in answers}
    return body

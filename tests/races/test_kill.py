import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from itertools import count
from pathlib import Path
from threading import Event

from support import load
from support.load import Booking
from support.servers import Server

CLIENTS = 16
KILLS = 20

Confirmed = dict[Booking, str]  # with the appointment's id


def test_kill_loses_nothing(tmp_path: Path, database_url: str) -> None:
    """What was confirmed before a kill -9 is booked after it, and a retry ends what was cut off."""
    slots = map(load.slot, count())
    confirmed: Confirmed = {}
    cut_off: list[Booking] = []
    for kill in range(KILLS + 1):
        with load.service(tmp_path, database_url) as service:
            confirmed |= _retry(service.url, cut_off)
            assert _booked(database_url) == confirmed
            assert load.double_bookings(database_url) == []
            if kill < KILLS:
                answered, cut_off = _load_until_kill(service, slots)
                confirmed |= answered


def _load_until_kill(service: Server, slots: Iterator[Booking]) -> tuple[Confirmed, list[Booking]]:
    """Kill the service under load; return what it confirmed, and the slots it left unanswered."""
    under_way = Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [
            pool.submit(_book_until_kill, service.url, slots, under_way) for _ in range(CLIENTS)
        ]
        try:
            assert under_way.wait(load.PATIENCE)
            time.sleep(random.uniform(0.2, 0.6))  # noqa: S311 - any moment will do
        finally:
            service.kill()
    results = [client.result() for client in clients]
    confirmed = {slot: it for answered, _ in results for slot, it in answered.items()}
    return confirmed, [cut_off for _, cut_off in results]


def _book_until_kill(
    url: str, slots: Iterator[Booking], under_way: Event
) -> tuple[Confirmed, Booking]:
    confirmed: Confirmed = {}
    with load.connection_to(url) as connection:
        while True:
            slot = next(slots)
            try:
                answer = load.book(connection, slot, slot.key)
            except (OSError, HTTPException):
                return confirmed, slot
            assert answer.status == 201
            confirmed[slot] = answer.members["appointment_id"]
            under_way.set()


def _retry(url: str, slots: list[Booking]) -> Confirmed:
    with load.connection_to(url) as connection:
        answers = {slot: load.book(connection, slot, slot.key) for slot in slots}
    assert {answer.status for answer in answers.values()} <= {201}
    return {slot: answer.members["appointment_id"] for slot, answer in answers.items()}


def _booked(database_url: str) -> Confirmed:
    return {
        Booking(each.date, each.slot): str(each.id)
        for each in load.held(database_url)
        if each.status == "booked"
    }

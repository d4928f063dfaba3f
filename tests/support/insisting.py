"""Patients who book slot after slot while something fails, and insist until they are told."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from threading import Event
from types import TracebackType
from typing import Self

import httpx2 as httpx

from support import load
from support.load import Booking
from support.waiting import PATIENCE, wait_until

CLIENTS = 8
_MORE = 40
_PAUSE = 0.05  # seconds before somebody insists


class Insisting:
    """Two patients want each slot. Each sends the same request with the same key until it is told.

    Whatever is neither a booking, nor a slot that is taken, nor a 503 with Retry-After, fails.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.confirmed: dict[Booking, str] = {}
        self.told: Counter[str] = Counter()
        self._numbers = count()
        self._ended = Event()
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._clients: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._clients = [self._pool.submit(self._book) for _ in range(CLIENTS)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._pool.shutdown()
        if kind is None:
            for client in self._clients:
                client.result()

    def go_on(self, *, since: str | None = None) -> None:
        """Wait until more are booked; write for `pytest -rP` how long that took since something."""
        started, before = time.monotonic(), len(self.confirmed)
        self.wait_for(lambda: len(self.confirmed) > before)
        if since:
            seconds = time.monotonic() - started
            sys.stdout.write(f"{seconds:.2f} s since {since}: {dict(self.told)}\n")
        self.wait_for(lambda: len(self.confirmed) > before + _MORE)

    def hear(self, what: str) -> None:
        """Wait until somebody is told this anew."""
        before = self.told[what]
        self.wait_for(lambda: self.told[what] > before)

    def wait_for(self, done: Callable[[], bool]) -> None:
        """Wait until something is so; fail where a client has, or where it takes too long."""

        def is_so() -> bool:
            for client in self._clients:
                if client.done():
                    client.result()
            return done()

        wait_until(is_so)

    def assert_kept(self, database_url: str) -> None:
        """What was confirmed is in the database, nothing else is, and nothing is there twice."""
        held = {Booking(it.date, it.slot): str(it.id) for it in load.held(database_url)}
        assert held == self.confirmed
        assert load.double_bookings(database_url) == []

    def _book(self) -> None:
        with httpx.Client(base_url=self.url, timeout=PATIENCE) as client:
            while not self._ended.is_set():
                number, patient = divmod(next(self._numbers), 2)
                self._insist(client, load.slot(number)._replace(patient=patient))

    def _insist(self, client: httpx.Client, wanted: Booking) -> None:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f"{wanted.key}.{wanted.patient}",
        }
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = client.post("/book_appointment", content=wanted.body(), headers=headers)
            except httpx.TransportError:
                self.told["nothing"] += 1
                time.sleep(_PAUSE)
                continue
            self.told[str(answer.status_code)] += 1
            if answer.status_code in {201, 409}:
                self._note(wanted._replace(patient=0), answer)
                return
            assert answer.status_code == 503, answer.text
            assert answer.headers["Retry-After"].isdigit()
            assert answer.json()["msg"] == "Error in booking appointment!"
            time.sleep(_PAUSE)
        raise AssertionError(f"nobody was told within {PATIENCE} s: {self.told}")

    def _note(self, slot: Booking, answer: httpx.Response) -> None:
        if answer.status_code == 201:
            appointment = answer.json()["appointment_id"]
            assert self.confirmed.setdefault(slot, appointment) == appointment
        else:
            assert answer.json()["msg"] == load.TAKEN

"""The client that makes the load, in a process of its own: raw sockets, one request each at a time.

It takes a plan as JSON on its command line and prints what came of it as JSON. An answer with a
status that the plan does not expect ends it with an error. `busy` in its report is the part of the
time in which it worked and did not wait: well below 1, it is not what limits the load.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from workloads import WORKLOADS, Ground

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask for: it ends after so many seconds, or so many turns of each client."""

    port: int
    workload: str
    first_day: str
    clients: int = 32
    seconds: float = 1.0
    turns: int | None = None
    first: int = 0
    """The number of the first request: nobody has asked for it or a later one."""
    together: bool = False
    """Whether all clients send their request of a turn at one moment, and wait for each other."""
    ground: dict[str, Any] = field(default_factory=dict)


class Client:
    """A connection, and its request under way."""

    def __init__(self, port: int, number: int) -> None:
        self.number = number
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.turn = 0
        self._sent = 0.0
        self._answer = b""

    def send(self, request: bytes) -> None:
        """Send a request, which is short enough for the socket's buffer."""
        self._answer = b""
        self._sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, float] | None:
        """Return the answer's status and seconds, or None while it is not complete."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._answer += part
        head = self._answer.find(_END)
        if head < 0:
            return None
        at = self._answer.lower().index(_LENGTH, 0, head) + len(_LENGTH)
        length = int(self._answer[at : self._answer.index(b"\r", at)])
        if len(self._answer) < head + len(_END) + length:
            return None
        return int(self._answer[9:12]), time.perf_counter() - self._sent

    def text(self) -> str:
        """Return the beginning of the answer, for an error."""
        return self._answer[:600].decode(errors="replace")


class Load:
    """A plan being carried out."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._make, self._expected = WORKLOADS[plan.workload]
        self._ground = Ground(date.fromisoformat(plan.first_day), **plan.ground)
        self._selector = selectors.DefaultSelector()
        self._clients = [Client(plan.port, number) for number in range(plan.clients)]
        for client in self._clients:
            self._selector.register(client.socket, selectors.EVENT_READ, client)
        self.times: list[float] = []
        self.booked: Counter[int] = Counter()
        """Bookings by turn."""

    def run(self) -> None:
        """Ask until the plan's time is over or its turns are done; then wait for what is asked."""
        until = time.perf_counter() + self._plan.seconds
        if self._plan.together:
            for turn in count():
                if self._over(turn, until):
                    return
                for client in self._clients:
                    self._ask(client, turn)
                self._answers(len(self._clients))
        for client in self._clients:
            self._ask(client, 0)
        waiting = len(self._clients)
        while waiting:
            for client in self._answered():
                if self._over(client.turn + 1, until):
                    waiting -= 1
                else:
                    self._ask(client, client.turn + 1)

    def _over(self, turn: int, until: float) -> bool:
        if self._plan.turns is not None:
            return turn >= self._plan.turns
        return time.perf_counter() >= until

    def _ask(self, client: Client, turn: int) -> None:
        client.turn = turn
        first = self._plan.first
        number = first + turn * self._plan.clients + client.number
        client.send(self._make(self._ground, number, first + turn))

    def _answers(self, number: int) -> None:
        while number:
            number -= len(self._answered())

    def _answered(self) -> list[Client]:
        done = []
        for key, _ in self._selector.select(timeout=30):
            client: Client = key.data
            if answer := client.receive():
                self._note(client, *answer)
                done.append(client)
        return done

    def _note(self, client: Client, status: int, seconds: float) -> None:
        if status not in self._expected:
            raise RuntimeError(f"{self._plan.workload}: unexpected answer\n{client.text()}")
        self.times.append(seconds)
        if status == 201:  # noqa: PLR2004 - created
            self.booked[client.turn] += 1

    def _last_turn(self) -> int:
        return max(client.turn for client in self._clients)

    def report(self, seconds: float, busy: float) -> dict[str, Any]:
        """Return what came of it; p99 in milliseconds."""
        times = sorted(self.times)
        return {
            "rate": len(times) / seconds,
            "p99": times[len(times) * 99 // 100] * 1000,
            "busy": busy / seconds,
            "next": self._plan.first + self._plan.clients * (self._last_turn() + 1),
            "double": sum(bookings > 1 for bookings in self.booked.values()),
        }


def main() -> None:
    """Carry out the plan of the command line."""
    load = Load(Plan(**json.loads(sys.argv[1])))
    started, worked = time.perf_counter(), time.process_time()
    load.run()
    report = load.report(time.perf_counter() - started, time.process_time() - worked)
    print(json.dumps(report))


if __name__ == "__main__":
    main()

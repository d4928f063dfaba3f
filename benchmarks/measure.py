"""A first look at speed and size: one worker on each database, 32 connections, ten seconds each.

The slots of one day and of 62 are asked for in turns, one request at a time, and their medians
shown.

The client is this process, over raw connections; the server is `calendula serve` in another. What
the table says holds for the machine it was measured on.
"""

import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote

import httpx2 as httpx
import psutil

from calendula import clock

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support import databases, load, servers

CONNECTIONS = 32
SECONDS = 10.0
DOCTORS = 100
SLOT_LISTS = 100


def _booking(number: int) -> bytes:
    """Return the request for a slot that no other number asks for."""
    rest, slot = divmod(number, len(load.LABELS))
    day, doctor = divmod(rest, DOCTORS)
    booking = {
        "patient_id": str(number),
        "patient_name": f"Patient {number}",
        "doctor_name": f"Dr. {doctor}",
        "time_slot": load.LABELS[slot],
        "date": (date(2030, 1, 1) + timedelta(days=day)).isoformat(),
    }
    body = json.dumps(booking).encode()
    return _request("POST /book_appointment", body)


def _lookup(number: int) -> bytes:
    day, doctor = divmod(number, DOCTORS)
    on = (date(2030, 1, 1) + timedelta(days=day % 365)).isoformat()
    return _request(f"GET /available_slots?doctor_name={quote(f'Dr. {doctor}')}&date={on}")


def _request(line: str, body: bytes = b"") -> bytes:
    head = f"{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _client(port: int, requests: Iterator[bytes], until: float, status: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    while time.monotonic() < until:
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 " + status):
            raise RuntimeError(head.decode())
        answered += 1
    writer.close()
    await writer.wait_closed()
    return answered


async def _rate(port: int, make: Callable[[int], bytes], status: bytes) -> float:
    """Return the requests that are answered in a second, after a second of warming up."""
    requests = map(make, itertools.count())
    for seconds in 1.0, SECONDS:
        until = time.monotonic() + seconds
        clients = (_client(port, requests, until, status) for _ in range(CONNECTIONS))
        total = sum(await asyncio.gather(*clients))
    return total / SECONDS


@contextmanager
def _database_urls() -> Iterator[dict[str, str]]:
    with (
        databases.postgresql_server(durable=True) as server,
        databases.empty_postgresql(server) as url,
    ):
        databases.migrate(url)
        yield {"SQLite": "sqlite:///calendula.db", "PostgreSQL": url}


def _slot_lists(port: int) -> tuple[float, float]:
    """Return the milliseconds that the slots of one day and of 62 days take."""
    times: dict[int, list[float]] = {1: [], 62: []}
    first = clock.now().date() + timedelta(days=1)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        doctor = client.get("/v1/doctors", params={"name": "Chen"}).json()["items"][0]
        for days in [1, 62] * SLOT_LISTS:
            period = {"from": str(first), "to": str(first + timedelta(days=days - 1))}
            started = time.perf_counter()
            answer = client.get(f"/v1/doctors/{doctor['id']}/slots", params=period)
            times[days].append((time.perf_counter() - started) * 1000)
            if len(answer.json()["dates"]) != days:
                raise RuntimeError(answer.text)
    return median(times[1]), median(times[62])


def _measure(url: str, folder: Path) -> tuple[float, ...]:
    settings = {"CALENDULA_DATABASE_URL": url, "CALENDULA_OPEN_CLINIC": "true"}
    servers.start(folder, settings).stop()  # the start that is measured finds its database
    started = time.perf_counter()
    server = servers.start(folder, settings)
    start = time.perf_counter() - started
    port = int(server.url.rpartition(":")[2])
    try:
        bookings = asyncio.run(_rate(port, _booking, b"201"))
        lookups = asyncio.run(_rate(port, _lookup, b"200"))
        one_day, all_days = _slot_lists(port)
        memory = psutil.Process(server.process.pid).memory_info().rss / 2**20
    finally:
        server.kill()
    return bookings, lookups, start, memory, one_day, all_days


def main() -> None:
    """Print the table."""
    form = "{:12} {:>12} {:>12} {:>14} {:>12} {:>10} {:>10}"
    columns = ("bookings/s", "lookups/s", "start-up s", "memory MiB", "1 day ms", "62 days ms")
    print(form.format("database", *columns))
    with _database_urls() as urls:
        for name, url in urls.items():
            with tempfile.TemporaryDirectory(prefix="calendula-measure-") as folder:
                numbers = (f"{number:.4g}" for number in _measure(url, Path(folder)))
                print(form.format(name, *numbers))


main()

"""Times what is asked for one by one: lists of slots, a start, and when another worker sees."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import psutil

from loads import Pace, Values
from sides import Side, settings
from support import servers
from workloads import CONTENDED_AFTER, LABELS, doctor

LONG, SHORT = "62 days", "one day"
START, IMPORT = "first 200 after the start", "import fastapi, sqlalchemy"
_BOOKINGS_SEEN = 200
_PATIENCE = servers.START_UP
_DAYS = {SHORT: 1, LONG: 62}
_SEEN_AFTER = CONTENDED_AFTER + 2_000  # days: later than all other bookings


def slot_lists(pace: Pace, some: Iterable[Side]) -> Values:
    """Return the milliseconds that the slots of one day and of 62 take, each URL a new one."""
    values: Values = {}
    for side in some:
        with closing(HTTPConnection("127.0.0.1", side.port)) as connection:
            path = f"/v1/doctors/{_doctor_id(connection, side.listed)}/slots"
            for number in range(pace.single):
                for kind, days in _DAYS.items():
                    first = side.first_day + timedelta(days=number)
                    last = first + timedelta(days=days - 1)
                    started = time.perf_counter()
                    _get(connection, f"{path}?from={first}&to={last}")
                    taken = (time.perf_counter() - started) * 1000
                    values.setdefault(f"{side.name}: {kind}", []).append(taken)
    return values


def _doctor_id(connection: HTTPConnection, name: str) -> str:
    found = json.loads(_get(connection, f"/v1/doctors?name={quote(name)}"))
    (identifier,) = (str(each["id"]) for each in found["items"] if each["name"] == name)
    return identifier


def starts(pace: Pace, some: Iterable[tuple[str, str]], folder: Path) -> Values:
    """Return the seconds from the command to the first 200, and of nothing but two imports.

    Each of the sides is a name and the URL of a database that is there already. All modules are
    compiled, as at every start but the first, which does not count.
    """
    some = list(some)
    values: Values = {}
    for _ in range(1 + pace.starts):
        for name, url in some:
            values.setdefault(f"{name}: {START}", []).append(_start(url, folder))
        values.setdefault(IMPORT, []).append(_import(folder))
    return {name: seconds[1:] for name, seconds in values.items()}


def _import(folder: Path) -> float:
    command = [sys.executable, "-c", "import fastapi, sqlalchemy"]
    started = time.perf_counter()
    subprocess.run(command, check=True, env=_environment(folder))
    return time.perf_counter() - started


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which modules stay compiled, in a folder of the bench's own."""
    clean = servers.clean_environment()
    clean.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**clean, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _start(url: str, folder: Path) -> float:
    port = servers.free_port()
    command = [sys.executable, "-m", "calendula", "serve", "--port", str(port)]
    environment = {**_environment(folder), **settings(url)}
    with (folder / "starts.log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            _until(lambda: _answers(port))
            return time.perf_counter() - started
        finally:
            process.terminate()
            process.wait()


def _answers(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        try:
            _get(connection, "/readyz")
        except ConnectionRefusedError:
            time.sleep(0.005)
            return False
        return True


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to pass")


def visibility(side: Side) -> list[float]:
    """Return how many milliseconds after a 201 another worker's lookup shows the slot gone.

    On the same worker it must be gone at once. Both have answered for the day before.
    """
    with ExitStack() as stack:
        ours, others = (stack.enter_context(closing(it)) for it in _a_connection_each(side))
        return [_seen_after(side, ours, others, number) for number in range(_BOOKINGS_SEEN)]


def _a_connection_each(side: Side) -> list[HTTPConnection]:
    """Return a connection to each of the two workers."""
    found: dict[int, HTTPConnection] = {}
    workers = psutil.Process(side.process).children(recursive=True)
    for _ in range(100):
        connection = HTTPConnection("127.0.0.1", side.port)
        _get(connection, "/readyz")
        found.setdefault(_owner(workers, connection), connection)
        if len(found) == 2:  # noqa: PLR2004 - of two workers
            return list(found.values())
    raise RuntimeError("one of the two workers takes no connections")


def _owner(workers: Iterable[psutil.Process], connection: HTTPConnection) -> int:
    """Return the process that answers on a connection."""
    here = connection.sock.getsockname()
    for worker in workers:
        for it in worker.net_connections("tcp"):
            if it.raddr and it.raddr.port == here[1]:
                return int(worker.pid)
    raise RuntimeError("no worker has this connection")


def _seen_after(side: Side, ours: HTTPConnection, others: HTTPConnection, number: int) -> float:
    day = (side.first_day + timedelta(days=_SEEN_AFTER + number)).isoformat()
    label = LABELS[number % len(LABELS)]
    lookup = f"/available_slots?doctor_name={quote(doctor(0))}&date={day}"
    for connection in ours, others:
        if label not in _get(connection, lookup):
            raise RuntimeError("a slot is not free that nobody has booked")
    _book(ours, day, label)
    booked = time.perf_counter()
    if label in _get(ours, lookup):
        raise RuntimeError("the worker that has booked a slot shows it as free")
    _until(lambda: label not in _get(others, lookup))
    return (time.perf_counter() - booked) * 1000


def _book(connection: HTTPConnection, day: str, label: str) -> None:
    body = {
        "patient_id": "seen",
        "patient_name": "Patient",
        "doctor_name": doctor(0),
        "time_slot": label,
        "date": day,
    }
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/book_appointment", json.dumps(body), headers)
    response = connection.getresponse()
    answer = response.read().decode()
    if response.status != 201:  # noqa: PLR2004 - created
        raise RuntimeError(answer)


def _get(connection: HTTPConnection, path: str) -> str:
    connection.request("GET", path)
    response = connection.getresponse()
    answer = response.read().decode()
    if response.status != 200:  # noqa: PLR2004 - ok
        raise RuntimeError(answer)
    return answer

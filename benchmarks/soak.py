"""Lets people come and go for a while, and sees that nothing grows: `make soak`.

A service on each database is visited at once by a mix of everything. Every few seconds it is looked
at what each takes. It ends with an error where an answer was wrong, or where over the last half of
the time memory, descriptors, threads, write-ahead log or queue have risen by more than is allowed:
by a straight line through all that was seen, so that one moment decides nothing.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import fmean, linear_regression
from threading import Thread
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import psutil
import psycopg

import curves
from calendula import clock
from calendula.access.roles import ADMIN
from sides import BUILD, POSTGRESQL, SQLITE, plain, settings
from support import databases, load, servers
from support.access import make_key
from support.metrics import fetch
from visits import Ledger, Visitor

_DOCS = Path(__file__).parents[1] / "docs"
_BEGIN, _END = "<!-- soak: begin -->", "<!-- soak: end -->"
_LOOKS = 200  # in the whole time
_MEGA = 2**20
# A write-ahead log of the size that a checkpoint each half minute makes, so that minutes show it.
_CHECKPOINTS = ("checkpoint_timeout = '30s'", "max_wal_size = '128MB'", "min_wal_size = '64MB'")


class Measure(NamedTuple):
    """What is looked at, and by how much it may rise over the last half."""

    name: str
    unit: str
    part: float
    """Of what it is."""
    least: float
    """Whatever it is."""


MEASURES = (
    Measure("memory", "MB", 0.05, 6),
    Measure("descriptors", "", 0.05, 8),
    Measure("threads", "", 0.05, 4),
    Measure("write-ahead log", "MB", 0.1, 32),
    Measure("queue", "", 0.1, 20),
)


@dataclass
class Soaked:
    """A service that is visited, and what was seen of it."""

    name: str
    url: str
    server: servers.Server
    metrics_url: str
    ledger: Ledger
    wal: Path | str
    seconds: list[float] = field(default_factory=list)
    seen: dict[str, list[float]] = field(default_factory=dict)

    def look(self, second: float) -> None:
        """Note what the service takes at this moment."""
        process = psutil.Process(self.server.process.pid)
        numbers = fetch(self.metrics_url)
        now = (
            process.memory_info().rss / _MEGA,
            process.num_fds(),
            process.num_threads(),
            _wal_bytes(self.wal) / _MEGA,
            sum(it for name, it in numbers.items() if name.startswith("calendula_queue_length")),
        )
        self.seconds.append(second)
        for measure, value in zip(MEASURES, now, strict=True):
            self.seen.setdefault(measure.name, []).append(value)

    def rise(self, measure: Measure) -> tuple[float, float]:
        """Return by how much a measure rose over the last half, and by how much it may."""
        half = len(self.seconds) // 2
        seconds, values = self.seconds[half:], self.seen[measure.name][half:]
        slope = linear_regression(seconds, values).slope
        allowed = max(measure.least, measure.part * fmean(values))
        return slope * (seconds[-1] - seconds[0]), allowed

    def faults(self) -> list[str]:
        """Return what was wrong, in the answers and in the database after the end."""
        found = list(self.ledger.faults)
        held = load.held(self.url)
        found += [f"double booking: {it}" for it in load.double_bookings(self.url)]
        missing = {it.id for it in self.ledger.kept} - {str(it.id) for it in held}
        found += [f"a confirmed booking is lost: {it}" for it in missing]
        return found + [
            f"{it.name} rose by {rise:.1f}, and may by {allowed:.1f} {it.unit}".strip()
            for it in MEASURES
            for rise, allowed in [self.rise(it)]
            if rise > allowed
        ]


def _wal_bytes(wal: Path | str) -> int:
    if isinstance(wal, Path):
        return wal.stat().st_size if wal.exists() else 0
    with psycopg.connect(wal) as connection:
        row = connection.execute("SELECT coalesce(sum(size), 0) FROM pg_ls_waldir()").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def _soaked(name: str, url: str, folder: Path) -> Iterator[Soaked]:
    folder.mkdir()
    databases.migrate(url)
    port = servers.free_port()
    environment = {**settings(url), "CALENDULA_METRICS_PORT": str(port)}
    with servers.running(folder, environment) as server:
        with load.database_of(url) as database:
            key = make_key(database, ADMIN).text
        own = int(server.url.rpartition(":")[2])
        ledger = Ledger(own, key, clock.now().date() + timedelta(days=1), _doctors(own))
        wal = Path(f"{url.removeprefix('sqlite:///')}-wal") if "sqlite" in url else plain(url)
        yield Soaked(name, url, server, f"http://127.0.0.1:{port}", ledger, wal)


def _doctors(port: int) -> dict[str, str]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=load.PATIENCE)) as connection:
        connection.request("GET", "/v1/doctors")
        found = json.loads(connection.getresponse().read())
    return {each["name"]: each["id"] for each in found["items"]}


def _quick_checkpoints(server: str) -> None:
    with psycopg.connect(plain(server), autocommit=True) as connection:
        for setting in _CHECKPOINTS:
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")


def soak(minutes: float, visitors: int, folder: Path) -> list[Soaked]:
    """Let visitors come for so many minutes, and return what was seen of each service."""
    with ExitStack() as stack:
        enter = stack.enter_context
        server = enter(databases.postgresql_server(durable=True))
        _quick_checkpoints(server)
        postgresql = enter(databases.empty_postgresql(server))
        sqlite = f"sqlite:///{folder / 'clinic.db'}"
        sides = [
            enter(_soaked(name, url, folder / name[-6:]))
            for name, url in ((POSTGRESQL, postgresql), (SQLITE, sqlite))
        ]
        crowd = [
            Thread(target=Visitor(side.ledger, number).run)
            for side in sides
            for number in range(visitors)
        ]
        for visitor in crowd:
            visitor.start()
        try:
            _look_on(sides, minutes * 60)
        finally:
            for side in sides:
                side.ledger.over.set()
            for visitor in crowd:
                visitor.join()
        for side in sides:
            side.ledger.faults = side.faults()  # while the databases are there
        return sides


def _look_on(sides: Sequence[Soaked], seconds: float) -> None:
    began = time.monotonic()
    while (second := time.monotonic() - began) < seconds:
        for side in sides:
            side.look(second)
        time.sleep(max(1.0, seconds / _LOOKS))


def table(sides: Sequence[Soaked], minutes: float) -> str:
    """Return what was seen, in Markdown."""
    asked = {it.name: sum(it.ledger.requests.values()) for it in sides}
    said = ", ".join(f"{number:,} of {name}" for name, number in asked.items())
    wrong = sum(len(it.ledger.faults) for it in sides)
    lines = [
        f"{minutes:g} minutes: {said}. What was wrong, or rose by more than is allowed: {wrong}.",
        "",
        "| what | side | at half time | at the end | most | rise over the last half | allowed |",
        "|---|---|---|---|---|---|---|",
    ]
    for measure in MEASURES:
        for side in sides:
            values = side.seen[measure.name]
            rise, allowed = side.rise(measure)
            cells = (values[len(values) // 2], values[-1], max(values), rise, allowed)
            numbers = " | ".join(f"{it:,.1f} {measure.unit}".strip() for it in cells)
            lines.append(f"| {measure.name} | {side.name} | {numbers} |")
    return "\n".join(lines)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--visitors", type=int, default=6, help="at a time, of each service")
    parser.add_argument("--report", action="store_true", help="put table and picture into docs/")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # and stop both services
    with tempfile.TemporaryDirectory(prefix="calendula-soak-") as folder:
        sides = soak(arguments.minutes, arguments.visitors, Path(folder))
    text = table(sides, arguments.minutes)
    drawn = curves.of(MEASURES, sides)
    print(text)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "soak.svg").write_text(drawn)
    if arguments.report:
        page = _DOCS / "operations.md"
        before, _, rest = page.read_text().partition(_BEGIN)
        page.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{rest.partition(_END)[2]}")
        (_DOCS / "pictures" / "soak.svg").write_text(drawn)
    if faults := [f"{side.name}: {it}" for side in sides for it in side.ledger.faults]:
        sys.exit("\n".join(["", *faults[:50]]))


if __name__ == "__main__":
    main()

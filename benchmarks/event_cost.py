"""What the log of events costs a booking, on each database: with it and without it, in turns.

Each number is the median of single bookings, from the beginning of the transaction to its commit.
What the table says holds for the machine it was measured on.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from calendula import samples
from calendula.appointments import service as appointments
from calendula.appointments.offers import ByLabel
from calendula.appointments.service import Details
from calendula.database import Database
from calendula.doctors import service as doctors
from calendula.events import service as events
from calendula.patients import service as patients
from support import databases, load

TURNS = 20  # of each kind
DAYS = 5  # that are booked in a turn, all slots of each
_FIRST = date(2030, 1, 7)


def _book(database: Database, day: date, label: str) -> float:
    started = time.perf_counter()
    with database.write() as session:
        appointments.book(
            session,
            doctors.get(session, load.DOCTOR),
            ByLabel(day, label),
            Details(patients.identify(session, "P-1", "Asha")),
            actor="public",
            past=False,
        )
    return (time.perf_counter() - started) * 1000


def _turn(database: Database, number: int) -> list[float]:
    days = [_FIRST + timedelta(days=number * DAYS + day) for day in range(DAYS)]
    return [_book(database, day, label) for day in days for label in load.LABELS]


def _measure(url: str) -> tuple[float, float]:
    with load.database_of(url) as database:
        samples.add_doctors(database, "UTC")
        _turn(database, 0)  # warms up
        logged: list[float] = []
        bare: list[float] = []
        for number in range(1, 2 * TURNS, 2):
            logged += _turn(database, number)
            with patch.object(events, "record"):
                bare += _turn(database, number + 1)
    return median(logged), median(bare)


@contextmanager
def _urls() -> Iterator[dict[str, str]]:
    with (
        tempfile.TemporaryDirectory(prefix="calendula-events-") as folder,
        databases.postgresql_server(durable=True) as server,
        databases.empty_postgresql(server) as url,
    ):
        yield {"SQLite": f"sqlite:///{folder}/clinic.db", "PostgreSQL": url}


def main() -> None:
    """Print the table."""
    print(f"{TURNS * DAYS * len(load.LABELS)} bookings each; milliseconds, median")
    form = "{:12} {:>10} {:>10} {:>6}"
    print(form.format("database", "with log", "without", "ratio"))
    with _urls() as urls:
        for name, url in urls.items():
            databases.migrate(url)
            logged, bare = _measure(url)
            print(form.format(name, f"{logged:.2f}", f"{bare:.2f}", f"{logged / bare:.2f}"))


main()

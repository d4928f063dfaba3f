"""How long an import takes: 100 doctors, 400 rows of hours, 9,500 appointments, on each database.

Each number is a whole import into an empty clinic, from the bytes of the file to the commit. What
the table says holds for the machine it was measured on.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from calendula.imports import files, service
from calendula.imports.files import Kind
from calendula.timetables.weekdays import Weekday
from support import databases, load, tables

DOCTORS = 100
WINDOWS = 4
APPOINTMENTS = 9_500
_MONDAY = date(2030, 1, 7)


def _rows() -> Iterator[dict[str, str]]:
    for doctor in range(DOCTORS):
        yield {"record": "doctor", "doctor": f"Dr. {doctor}", "time_zone": "Europe/Berlin"}
    for number in range(DOCTORS * WINDOWS):
        doctor, day = divmod(number, WINDOWS)
        yield {
            "record": "hours",
            "doctor": f"Dr. {doctor}",
            "weekday": list(Weekday)[day],
            "start": "09:00",
            "end": "15:00",
            "slot_minutes": "30",
        }
    for number in range(APPOINTMENTS):
        rest, doctor = divmod(number, DOCTORS)
        days, slot = divmod(rest, len(load.LABELS))
        yield {
            "record": "appointment",
            "doctor": f"Dr. {doctor}",
            "date": (_MONDAY + timedelta(days=days)).isoformat(),
            "time_slot": load.LABELS[slot],
            "patient_id": str(number),
            "patient_name": f"Patient {number}",
        }


def _seconds(url: str, content: bytes, kind: Kind) -> float:
    with load.database_of(url) as database:
        started = time.perf_counter()
        rows = files.read(content, kind)
        with database.write() as session:
            service.run(session, rows, actor="command", time_zone="UTC")
        return time.perf_counter() - started


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, list[str]]]:
    """Yield two empty databases of each kind, of this version's schema."""
    with ExitStack() as stack:
        server = stack.enter_context(databases.postgresql_server(durable=True))
        urls = {
            "SQLite": [f"sqlite:///{folder / f'{kind.name}.db'}" for kind in Kind],
            "PostgreSQL": [stack.enter_context(databases.empty_postgresql(server)) for _ in Kind],
        }
        for url in chain.from_iterable(urls.values()):
            databases.migrate(url)
        yield urls


def main() -> None:
    """Print the table."""
    rows = list(_rows())
    contents = {Kind.CSV: tables.csv_of(rows), Kind.XLSX: tables.xlsx_of(rows)}
    print(f"{len(rows):,} rows; seconds")
    form = "{:12} {:>8} {:>8}"
    print(form.format("database", *Kind))
    with (
        tempfile.TemporaryDirectory(prefix="calendula-import-") as folder,
        _databases(Path(folder)) as urls,
    ):
        for name, each in urls.items():
            pairs = zip(each, contents.items(), strict=True)
            numbers = (_seconds(url, content, kind) for url, (kind, content) in pairs)
            print(form.format(name, *(f"{number:.2f}" for number in numbers)))


main()

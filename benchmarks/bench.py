"""Measures the service beside its limits and a peer: `make bench`, and `make bench-quick`.

It starts everything itself and puts the tables and the picture into docs/; a quick run only shows
the tables. What was measured is kept in build/bench, and `--report` makes both from it again.
"""

import argparse
import platform
import signal
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import psutil

import loads
import picture
import singles
import sizes
import stored
import table
import wrk
from loads import FULL, QUICK, Pace
from results import DISTINCT, DOUBLE, FIGHT, KEYED, RANDOM, REPEATED, SEEN, SLOTS, START_UP, Results
from sides import (
    ASYNCPG,
    BARE,
    BUILD,
    EXPRESS,
    IDLE,
    POSTGRESQL,
    SQLITE,
    TWO,
    Pgbench,
    Side,
    all_sides,
)

KEPT, KEPT_QUICK, KEPT_STORED = (BUILD / f"{name}.json" for name in ("results", "quick", "stored"))
_DOCS = Path(__file__).parents[1] / "docs"
_BEGIN, _END = "<!-- bench: begin -->", "<!-- bench: end -->"
_DISTRIBUTIONS = ("fastapi", "uvicorn", "uvloop", "sqlalchemy", "psycopg", "asyncpg")
_BOTH = (POSTGRESQL, SQLITE)


def measure(pace: Pace) -> Results:
    """Measure everything but the clinic with many appointments."""
    results = Results(machine(pace))
    with (
        tempfile.TemporaryDirectory(prefix="calendula-bench-") as name,
        all_sides(folder := Path(name)) as (sides, pgbench),
    ):
        _measure_rates(results, pace, sides, pgbench)
        both = [sides[name] for name in _BOTH]
        results.works[FIGHT] = loads.contention(pace, both)
        results.works[DOUBLE] = loads.double_bookings(sides[EXPRESS])
        results.works[SLOTS] = singles.slot_lists(pace, both)
        results.works[SEEN] = {TWO: singles.visibility(sides[TWO])}
        urls = [(side.name, side.database_url) for side in both]
        results.bytes_an_appointment = {side: sizes.of_an_appointment(url) for side, url in urls}
        results.works[START_UP] = singles.starts(pace, urls, folder)
    return results


def _measure_rates(
    results: Results, pace: Pace, sides: Mapping[str, Side], pgbench: Pgbench
) -> None:
    for work, workload, names, database in (
        (DISTINCT, "distinct", (ASYNCPG, POSTGRESQL, SQLITE, EXPRESS, TWO), pgbench),
        (KEYED, "keyed", (ASYNCPG, POSTGRESQL, SQLITE), None),
        (RANDOM, "random", (ASYNCPG, POSTGRESQL, SQLITE, EXPRESS, TWO), None),
        (REPEATED, "repeated", (IDLE, POSTGRESQL, SQLITE, TWO, BARE), None),
    ):
        some = [sides[name] for name in names]
        results.works[work], busy = loads.rates(pace, workload, some, database)
        for side, values in busy.items():
            results.busy.setdefault(side, []).extend(values)


def machine(pace: Pace) -> dict[str, str]:
    """Return how and on what it is measured, and with which versions."""
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    return {
        "rounds": f"{pace.rounds} of {pace.seconds} s each",
        "load": "wrk" if wrk.PROGRAM else "load_client.py",
        "processor": f"{_processor()}, {cores} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": platform.python_version(),
        **{name: version(name) for name in _DISTRIBUTIONS},
    }


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def report() -> str:
    """Put the tables and the picture of what is kept into docs/; return the tables."""
    kept = [Results.load(path) for path in (KEPT, KEPT_STORED) if path.exists()]
    text = table.of(*kept)
    page = _DOCS / "performance.md"
    before, _, rest = page.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    page.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}")
    (_DOCS / "pictures" / "performance.svg").write_text(picture.of(kept[0]))
    return text


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--quick", action="store_true", help="in two minutes, not as exactly")
    ways.add_argument("--report", action="store_true", help="make docs/ from what is kept")
    ways.add_argument(
        "--stored",
        type=int,
        nargs="?",
        const=10_000_000,
        metavar="APPOINTMENTS",
        help="with so many appointments stored beside 10,000; fills the clinics first",
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # and stop all sides
    BUILD.mkdir(parents=True, exist_ok=True)
    if arguments.quick:
        results = measure(QUICK)
        results.save(KEPT_QUICK)
        print(table.of(results))
        return
    if arguments.stored:
        results = Results(machine(FULL))
        stored.measure(results, FULL, arguments.stored)
        results.save(KEPT_STORED)
    elif not arguments.report:
        measure(FULL).save(KEPT)
    print(report())


if __name__ == "__main__":
    main()

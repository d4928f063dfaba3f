"""Measures a clinic with many appointments beside one with few, in turns.

The filled databases stay in build/bench, so that the next run need not fill them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

import filling
import loads
import singles
import sizes
from calendula.settings import Settings
from loads import Pace
from results import DISTINCT, FEW, FIGHT, RANDOM, REPEATED, SLOTS, START_UP, Results, stored_side
from sides import BUILD, POSTGRESQL, SQLITE, Side, service
from support import databases
from workloads import doctor


def measure(results: Results, pace: Pace, many: int) -> None:
    """Add to the results what a clinic needs for its work with so many appointments, and with few.

    Fills the clinics first where an earlier run has not.
    """
    results.stored = many
    with _sides(many) as sides:
        for side in sides[1::2]:
            size = sizes.of_an_appointment(side.database_url)
            results.bytes_an_appointment[side.name] = size
        for work, workload in (DISTINCT, "distinct"), (RANDOM, "random"), (REPEATED, "repeated"):
            results.works[work], _ = loads.rates(pace, workload, sides)
        results.works[FIGHT] = loads.contention(pace, sides)
        results.works[SLOTS] = singles.slot_lists(pace, sides)
        urls = [(side.name, side.database_url) for side in sides]
        results.works[START_UP] = singles.starts(pace, urls, BUILD)


@contextmanager
def _sides(many: int) -> Iterator[list[Side]]:
    with ExitStack() as stack:
        server = stack.enter_context(databases.kept_postgresql_server(BUILD / "postgresql"))
        sides = []
        for name in POSTGRESQL, SQLITE:
            for rows in FEW, many:
                url = _url(name, server, rows)
                first = filling.fill(url, rows)
                folder = BUILD / f"stored-{rows}"
                side = stack.enter_context(service(stored_side(name, rows), url, folder))
                side.first_day = first
                side.listed = doctor(0)
                side.next = dict.fromkeys(("distinct", "contended"), filling.next_number(url))
                doctors, days = filling.shape(rows)
                side.ground = {
                    "doctors": doctors,
                    "days": days,
                    "booked": filling.DOCTORS,
                    "slots": filling.FREE,
                }
                sides.append(side)
        yield sides


def _url(name: str, server: str, rows: int) -> str:
    """Return the URL of the clinic with so many appointments, which may have to be filled yet."""
    if name == SQLITE:
        return f"sqlite:///{BUILD / f'stored-{rows}.db'}"
    url = make_url(Settings(database_url=server).database_url)
    database = f"stored_{rows}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        known = connection.scalar(
            text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": database}
        )
        if not known:
            connection.execute(text(f"CREATE DATABASE {database}"))
    engine.dispose()
    return url.set(database=database).render_as_string(hide_password=False)

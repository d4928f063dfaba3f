"""Whether the database is as it ought to be: what `calendula check` says."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from calendula import clock
from calendula.audit.verify import verify
from calendula.database import Database, conditions, rules, schema
from calendula.doctors.models import Doctor
from calendula.events.models import Event
from calendula.settings import known_time_zone
from calendula.upkeep import rows, trial

_CLOCKS_APART = timedelta(seconds=5)


class State(StrEnum):
    """How a thing is, from good to bad."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


class Finding(NamedTuple):
    """What was looked at, how it is, and a sentence about it without personal data."""

    name: str
    state: State
    detail: str


class _Check(NamedTuple):
    name: str
    bad: State
    """What it is to have a complaint."""
    look: Callable[[Database], tuple[str, Iterable[str]]]
    """Gives what is good to know where all is well, and the complaints."""
    reads_all: bool = False


def check(database: Database, *, quick: bool = False) -> Iterator[Finding]:
    """Yield a finding for each thing that is looked at; a quick look leaves out what reads it all.

    Nothing is written: what is tried is undone. Raises Unavailable where the database does not
    answer. Of a database of another version it says that, and nothing else.
    """
    there, wanted = schema.present(database), schema.wanted()
    if there != wanted:
        detail = f"revision {there or 'none'}, where this version wants {wanted}"
        yield Finding("schema", State.BROKEN, detail)
        return
    yield Finding("schema", State.OK, f"revision {there}")
    for each in _CHECKS:
        if not (quick and each.reads_all):
            yield _finding(each, database)


def _finding(check: _Check, database: Database) -> Finding:
    try:
        well, complaints = check.look(database)
        told = "; ".join(complaints)
    except DBAPIError as error:  # a column is gone, or a page is damaged
        first = str(error.orig).partition("\n")[0]
        return Finding(check.name, State.BROKEN, f"cannot be looked at: {first}")
    return Finding(check.name, check.bad if told else State.OK, told or well)


def _tables(database: Database) -> tuple[str, Iterable[str]]:
    return "tables, columns, keys and indexes are there", schema.differences(database)


def _rules(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        gone = rules.missing(session)
    return "constraints and triggers are there", [f"no {name}" for name in gone]


def _enforced(database: Database) -> tuple[str, Iterable[str]]:
    with database.write(dry_run=True) as session:
        let = trial.permitted(session)
    return "double bookings and changes of the log are refused", [f"permits {it}" for it in let]


def _version(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        version, against = conditions.version(session)
    return version, [f"{version} {against}"] if against else []


def _durability(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        return "a commit is on the disk", conditions.risks(session)


def _clock(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        before, there = clock.now(), conditions.time_there(session)
        after = clock.now()
        last = session.scalar(select(Event.at).order_by(Event.number.desc()).limit(1))
    return "this machine's clock is right by the database", clocks(before, there, after, last)


def clocks(
    before: datetime, there: datetime | None, after: datetime, last: datetime | None
) -> Iterator[str]:
    """Yield what is wrong with a clock, of two readings of it and the database's in between.

    `last` is when the last event was, which cannot be ahead.
    """
    if there is not None and not before - _CLOCKS_APART <= there <= after + _CLOCKS_APART:
        seconds = round((there - after).total_seconds())
        yield f"the database's clock is {abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}"
    if last is not None and last > after + _CLOCKS_APART:
        seconds = round((last - after).total_seconds())
        yield f"the last event is {seconds} s ahead: a clock was set back"


def _zones(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        zones = session.scalars(select(Doctor.time_zone).distinct().order_by(Doctor.time_zone))
        unknown = [zone for zone in zones if not _is_known(zone)]
    return "the doctors' time zones are known", [f"no data of {zone}" for zone in unknown]


def _is_known(zone: str) -> bool:
    try:
        known_time_zone(zone)
    except ValueError:
        return False
    return True


def _numbers(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        again = conditions.numbers_given_twice(session)
    return "the next event's number is new", [f"{again} would be given twice"] if again else []


def _storage(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        return "no page is damaged", conditions.damages(session)


def _rows(database: Database) -> tuple[str, Iterable[str]]:
    with database.read() as session:
        return "all rows refer to what is there, and none overlap", list(rows.strays(session))


def _events(database: Database) -> tuple[str, Iterable[str]]:
    with database.read(streams=True) as session:
        verdict = verify(session)
    return f"{verdict.events} in {verdict.chains} chains are as they were written", verdict.faults


_CHECKS = (
    _Check("tables", State.BROKEN, _tables),
    _Check("rules", State.BROKEN, _rules),
    _Check("enforced", State.BROKEN, _enforced),
    _Check("numbers", State.BROKEN, _numbers),
    _Check("version", State.WARNING, _version),
    _Check("durability", State.WARNING, _durability),
    _Check("clock", State.WARNING, _clock),
    _Check("zones", State.BROKEN, _zones),
    _Check("storage", State.BROKEN, _storage, reads_all=True),
    _Check("rows", State.BROKEN, _rows, reads_all=True),
    _Check("events", State.BROKEN, _events, reads_all=True),
)

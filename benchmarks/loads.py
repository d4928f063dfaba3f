"""Measures the load that many clients make, in turns: each side a while, round after round.

So a machine that is busy with something else is so for all sides. What the functions return is raw:
the value of each round, by side.
"""

import json
import math
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sides
import wrk
from load_client import Plan
from sides import HERE, Pgbench, Side
from workloads import REPEATED, WORKLOADS, Ground

CLIENTS = 32
RIVALS = 50
FOUGHT_OVER, FIGHTERS = 200, 8
"""Slots of which the double bookings are counted, and how many want each."""
_WARM_UP = 0.5  # seconds
_PLENTY = 10_000  # requests in a second, or so many times as many as are expected
_MORE = 4
_ONE_COUNTER = {"keyed": "distinct"}  # both book, so neither may ask for a slot of the other

Values = dict[str, list[float]]
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the bench may take."""

    seconds: int
    """Of one turn."""
    rounds: int
    single: int
    """How often what is timed one by one is timed."""
    starts: int


QUICK = Pace(seconds=1, rounds=3, single=30, starts=3)
FULL = Pace(seconds=5, rounds=5, single=200, starts=9)


def ask(side: Side, workload: str, **plan: Any) -> Report:
    """Put a side under load for a while, and return the client's report.

    Raises subprocess.CalledProcessError where an answer is not what it must be; the client has said
    which on standard error.
    """
    counter = _ONE_COUNTER.get(workload, workload)
    first = side.next.get(counter, 0)
    complete: dict[str, Any] = {"clients": CLIENTS, "first": first, "ground": side.ground} | plan
    asked = Plan(side.port, workload, side.first_day.isoformat(), **complete)
    command = [sys.executable, str(HERE / "load_client.py"), json.dumps(asdict(asked))]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    report: Report = json.loads(output)
    print(f"{side.name}, {workload}: {report['rate']:,.0f}/s", file=sys.stderr)
    side.next[counter] = report["next"]
    return report


def rates(
    pace: Pace, workload: str, some: Iterable[Side], pgbench: Pgbench | None = None
) -> tuple[Values, Values]:
    """Return the answers in a second, and how busy the client was with each side."""
    some = list(some)
    values: Values = {side.name: [] for side in some}
    busy: Values = {side.name: [] for side in some}
    expected = {}
    for side in some:
        expected[side.name] = ask(side, workload, seconds=_WARM_UP)["rate"]
        side.settle()
    for _ in range(pace.rounds):
        for side in some:
            rate, worked = _load(side, workload, pace.seconds, expected[side.name])
            values[side.name].append(rate)
            busy[side.name].append(worked)
        if pgbench:
            rate = pgbench.rate(pace.seconds, CLIENTS)
            values.setdefault(sides.PGBENCH, []).append(rate)
    return values, busy


def _load(side: Side, workload: str, seconds: int, expected: float) -> tuple[float, float]:
    """Return a side's answers in a second, and how busy the client was: wrk, where it is installed.

    It is given its requests beforehand, so many that they suffice if not far more than `expected`
    are answered in a second. Raises RuntimeError where they do not.
    """
    if not wrk.PROGRAM:
        report = ask(side, workload, seconds=seconds)
        return report["rate"], report["busy"]
    make, _ = WORKLOADS[workload]
    ground = Ground(side.first_day, **side.ground)
    counter = _ONE_COUNTER.get(workload, workload)
    first, many = side.next[counter], seconds * max(_PLENTY, math.ceil(_MORE * expected))
    side.next[counter] = first + many
    numbers = range(first, first + (REPEATED if workload == "repeated" else many))
    requests = (make(ground, number, number) for number in numbers)
    answers, rate, busy = wrk.run(side.port, requests, clients=CLIENTS, seconds=seconds)
    if answers + CLIENTS > many:
        raise RuntimeError(f"{side.name} was asked the same again")
    print(f"{side.name}, {workload}: {rate:,.0f}/s", file=sys.stderr)
    return rate, busy


def contention(pace: Pace, some: Iterable[Side]) -> Values:
    """Return the 99th percentile, in milliseconds, of rivals for one slot and of others.

    Both kinds send their requests all at one moment, and wait for each other's answers, so that
    nothing but the slot makes the difference. Raises RuntimeError where a slot was booked twice.
    """
    some = list(some)
    values: Values = {}
    for _ in range(pace.rounds):
        for side in some:
            for workload, what in ("contended", "one slot"), ("distinct", "distinct slots"):
                report = ask(side, workload, seconds=pace.seconds, clients=RIVALS, together=True)
                if workload == "contended" and report["double"]:
                    raise RuntimeError(f"{side.name} has booked a slot twice")
                values.setdefault(f"{side.name}: {what}", []).append(report["p99"])
    return values


def double_bookings(side: Side) -> Values:
    """Return in how many of the slots that were fought over more than one client was booked."""
    plan = {"clients": FIGHTERS, "turns": FOUGHT_OVER, "together": True}
    return {side.name: [ask(side, "contended", **plan)["double"]]}

"""What a process counts of itself, for Prometheus: numbers alone, under labels of few values.

Where workers share `PROMETHEUS_MULTIPROC_DIR`, each writes its numbers into a file there, and
whoever is asked adds up all of them: no answer depends on which worker gives it.
"""

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from calendula import __version__

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable with the folder in which several workers count."""

disable_created_metrics()  # a second line for each, of when it began: nobody asks
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BOOKINGS = {"book_appointment", "create_appointment", "book_page", "desk_make_booking"}
"""The operations that book, by the names of their routes' functions."""

_TAKEN = {"slot-taken", "slot-held"}
# Numbers, since each look at a member of an enumeration takes as long as counting.
_CREATED, _REFUSED = HTTPStatus.CREATED.value, HTTPStatus.BAD_REQUEST.value
_FAILED, _UNKNOWN = HTTPStatus.INTERNAL_SERVER_ERROR.value, HTTPStatus.SERVICE_UNAVAILABLE.value
_own = CollectorRegistry(auto_describe=False)

_requests = Histogram(
    "calendula_request_seconds",
    "Requests, by how long they took until their answer was sent",
    ["method", "route", "status"],
    buckets=_SECONDS,
    registry=_own,
)
_failures = Counter(
    "calendula_failures",
    "Requests that failed by an error of ours: 500",
    registry=_own,
)
_bookings = Counter(
    "calendula_bookings",
    "Requests to book, by how they ended",
    ["outcome"],
    registry=_own,
)
_events = Counter(
    "calendula_events",
    "Events of the log, by what happened, once they are committed",
    ["action"],
    registry=_own,
)
_trouble = Counter(
    "calendula_database_trouble",
    "Times that the database did not answer (away), and that no connection came free (busy)",
    ["kind"],
    registry=_own,
)
_answers = Counter(
    "calendula_kept_answers",
    "Lookups that were answered by a kept answer (hit), and that had to ask (miss)",
    ["found"],
    registry=_own,
)
_batch = Histogram(
    "calendula_batch_size",
    "What was done together, by how many there were",
    ["of"],
    buckets=(1, 2, 4, 8, 16, 32, 64),
    registry=_own,
)
_batch_seconds = Histogram(
    "calendula_batch_seconds",
    "What was done together, by how long it took",
    ["of"],
    buckets=_SECONDS,
    registry=_own,
)
LAG = Histogram(
    "calendula_loop_lag_seconds",
    "How much later than it was due the event loop came to a task, looked at once a second",
    buckets=_SECONDS,
    registry=_own,
)


def _gauge(name: str, says: str, *labels: str) -> Gauge:
    return Gauge(f"calendula_{name}", says, labels, multiprocess_mode="livesum", registry=_own)


POOL_SIZE = _gauge("pool_size", "Connections that the pools may have")
POOL_IN_USE = _gauge("pool_in_use", "Connections that somebody works with")
THREADS_WAITING = _gauge("threads_waiting", "Requests that wait for a thread to work in")
QUEUE = _gauge("queue_length", "Who waits to be done together with others", "of")
STREAMS = _gauge("live_streams", "Open pages that are kept up to date", "audience")
_workers = _gauge("workers", "Processes that serve")
_build = Gauge(
    "calendula_build_info",
    "1, under what this is",
    ["version", "python", "database"],
    multiprocess_mode="max",
    registry=_own,
)

HIT, MISS = (_answers.labels(found) for found in ("hit", "miss"))
AWAY, BUSY = (_trouble.labels(kind) for kind in ("away", "busy"))
_outcomes = {
    outcome: _bookings.labels(outcome)
    for outcome in ("booked", "replayed", "taken", "refused", "unknown", "failed")
}
_timed: dict[tuple[str, str | None, int | None], Histogram] = {}


def serving(database: str) -> None:
    """Say that this process serves, on which kind of database."""
    _workers.set(1)
    _build.labels(__version__, platform.python_version(), database).set(1)


def request(method: str, route: str | None, status: int | None, seconds: float) -> None:
    """Count a request that has ended; without a status, nobody was there to be answered.

    Finding the row of three labels takes longer than counting in it, so it is found once.
    """
    timed = _timed.get((method, route, status))
    if timed is None:
        of = method if method in _METHODS else "other"
        timed = _requests.labels(of, route or "none", str(status or "none"))
        if of == method:
            _timed[method, route, status] = timed
    timed.observe(seconds)
    if status == _FAILED:
        _failures.inc()  # of its own, from 0 on: who counts only from 1 on does not see the first


def booking(operation: str | None, status: int, code: str | None, *, replayed: bool) -> None:
    """Count the outcome of a request, if it was one to book.

    What is neither made nor refused, such as a form that is looked at again, is no outcome.
    """
    if operation not in BOOKINGS:
        return
    if status == _CREATED:
        outcome = "replayed" if replayed else "booked"
    elif status == _UNKNOWN:
        outcome = "unknown"
    elif status >= _FAILED:
        outcome = "failed"
    elif status >= _REFUSED:
        outcome = "taken" if code in _TAKEN else "refused"
    else:
        return
    _outcomes[outcome].inc()


def committed(actions: Iterable[str]) -> None:
    """Count events by their actions."""
    for action in actions:
        _events.labels(action).inc()


def batch(of: str, size: int, seconds: float) -> None:
    """Count what was done together."""
    _batch.labels(of).observe(size)
    _batch_seconds.labels(of).observe(seconds)


def registry() -> CollectorRegistry:
    """Return all that is counted, of every worker."""
    folder = os.environ.get(SHARED)
    everything = CollectorRegistry()
    everything.register(_Processes(folder))  # first, since it forgets those who are gone
    if folder is None:
        everything.register(_own)
    else:
        everything.register(_Shared(folder))
    return everything


class _Shared(Collector):
    """What all workers have counted, in a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Add up their files, but those that a worker has made this moment: nothing is in them."""
        files = [str(file) for file in Path(self._folder).glob("*.db") if _holds_something(file)]
        return MultiProcessCollector.merge(files)  # type: ignore[no-any-return]


class _Processes(Collector):
    """What each worker takes of the machine, by its process id: memory, files, processor."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        found: dict[str, Metric] = {}
        for pid in self._workers():
            for metric in ProcessCollector(pid=str(pid).__str__, registry=None).collect():
                ours = found.setdefault(
                    metric.name, Metric(metric.name, metric.documentation, metric.type)
                )
                for sample in metric.samples:
                    ours.add_sample(sample.name, {"pid": str(pid)}, sample.value)
        return found.values()

    def _workers(self) -> list[int]:
        """Return who lives of those who count; the gauges of the others are nobody's any more."""
        if self._folder is None:
            return [os.getpid()]
        files = Path(self._folder).glob("gauge_livesum_*.db")
        pids = [int(file.stem.rpartition("_")[2]) for file in files]
        living = [pid for pid in pids if _lives(pid)]
        for pid in set(pids) - set(living):
            mark_process_dead(pid, self._folder)
        return living


def _holds_something(file: Path) -> bool:
    with suppress(FileNotFoundError):  # another scrape has forgotten a worker who is gone
        return file.stat().st_size > 0
    return False


def _lives(pid: int) -> bool:
    with suppress(OSError):
        os.kill(pid, 0)
        return True
    return False

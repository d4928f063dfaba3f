"""What the service counts, as a program reads it."""

import time
from collections.abc import Callable

import httpx2 as httpx
from prometheus_client.parser import text_string_to_metric_families

from calendula import metrics

PATIENCE = 30.0  # seconds

Numbers = dict[str, float]
"""Each sample's value, by its name and, in the order of their names, its labels' values."""


def read(text: str) -> Numbers:
    """Read Prometheus' text."""
    return {
        " ".join([sample.name, *(value for _, value in sorted(sample.labels.items()))]): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def fetch(url: str, headers: dict[str, str] | None = None) -> Numbers:
    """Ask a service that really runs."""
    answer = httpx.get(f"{url}/metrics", headers=headers, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def requests(method: str, route: str, status: int) -> float:
    """Return how many requests this process has counted."""
    labels = {"method": method, "route": route, "status": str(status)}
    counted = metrics.registry().get_sample_value("calendula_request_seconds_count", labels)
    return counted or 0


def wait_until(looks_right: Callable[[], bool]) -> None:
    """Wait for what is looked at once a second, or comes by itself; not for ever."""
    deadline = time.monotonic() + PATIENCE
    while not looks_right():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)

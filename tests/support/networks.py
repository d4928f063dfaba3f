"""Clients of a served clinic that come from addresses of their own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2 as httpx

from calendula import clock
from support.servers import START_UP

_LATE = 40  # seconds of a minute


@contextmanager
def coming_from(address: str, url: str, **headers: str) -> Iterator[httpx.Client]:
    """Ask a server from an address, which is of this machine: any that begins with 127."""
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(
        transport=transport, base_url=url, headers=headers, timeout=START_UP
    ) as client:
        yield client


def wait_for_a_minute() -> None:
    """Wait until so much is left of a minute of the clock that a test fits: rates begin anew."""
    while clock.now().second >= _LATE:
        time.sleep(0.1)

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds


def wait_until(done: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is so; fail where it takes too long."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.02)

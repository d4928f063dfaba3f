"""What some tests need of the machine, and not every machine has."""

import os
from typing import NoReturn

import pytest


def give_up(reason: str) -> NoReturn:
    """Skip a test with a reason; fail instead where TEST_FAULTS=required."""
    if os.environ.get("TEST_FAULTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)

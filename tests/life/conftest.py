import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from calendula import clock
from life.desk import Hands

# The same examples at each run: `make test` says the same of the same code, and that at once. What
# fails here is made short by `make fuzz`.
settings.register_profile(
    "life",
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def bounds(pytestconfig: pytest.Config) -> settings:
    """How long the machine runs: as --hypothesis-profile says, else within seconds."""
    return settings.get_profile(pytestconfig.getoption("--hypothesis-profile") or "life")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Without the log: the steps that led to a failure say what was asked, and are fewer."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def hands() -> Iterator[Hands]:
    """A clock for the service that goes on when it is told to."""
    hands = Hands()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", hands.now)
        patch.setattr(clock, "timestamp", lambda: hands.now().timestamp())
        yield hands

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import load, servers
from support.rivals import Rivals


@pytest.fixture
def service(tmp_path: Path, database_url: str) -> Iterator[servers.Server]:
    """An open clinic that was really started, on each database in turn."""
    with load.service(tmp_path, database_url) as server:
        yield server


@pytest.fixture
def rivals(service: servers.Server, database_url: str) -> Iterator[Rivals]:
    """Who asks at the same moment."""
    with load.database_of(database_url) as database:
        yield Rivals(service.url, database)


@pytest.fixture
def outcomes() -> Iterator[Counter[str]]:
    """How often what came out of a race; `pytest -rP` shows it."""
    counted: Counter[str] = Counter()
    yield counted
    sys.stdout.write(f"{dict(counted)}\n")

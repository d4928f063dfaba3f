from collections.abc import Iterator
from pathlib import Path

import pytest

from support import load, servers


@pytest.fixture
def service(tmp_path: Path, database_url: str) -> Iterator[servers.Server]:
    """An open clinic that was really started, on each database in turn."""
    with load.service(tmp_path, database_url) as server:
        yield server

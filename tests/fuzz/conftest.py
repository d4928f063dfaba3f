from collections.abc import Iterator

import pytest

from support.furnished import Furnished, furnished


@pytest.fixture
def clinic(database_url: str) -> Iterator[Furnished]:
    """A clinic with one of each thing, on each database in turn."""
    with furnished(database_url) as clinic:
        yield clinic

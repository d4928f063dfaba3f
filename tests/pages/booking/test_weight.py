"""How much a browser loads to book."""

import gzip

import pytest
from fastapi.testclient import TestClient

from support.pages import Loaded

_MOST = 60_000  # bytes


def _loaded(client: TestClient, path: str) -> bytes:
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200
        return b"".join(answer.iter_raw())


@pytest.mark.parametrize("path", ["/", "/doctors/{doctor}"])
def test_a_page_is_light(client: TestClient, mei: str, path: str) -> None:
    """A page with everything that it loads has under 60 KB, as they are sent."""
    page = _loaded(client, path.format(doctor=mei))
    parts = {path: len(page)}
    for name in Loaded.of(gzip.decompress(page).decode()):
        parts[name.rpartition("/")[2]] = len(_loaded(client, name))
    print(*(f"{size:6} {name}" for name, size in parts.items()), sep="\n")  # noqa: T201
    print(f"{sum(parts.values()):6} bytes in all")  # noqa: T201
    assert len(parts) >= 5
    assert sum(parts.values()) < _MOST

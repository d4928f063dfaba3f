import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    line
    for line in (ROOT / "docs" / "security.md").read_text().splitlines()
    if line.startswith("|") and "::" in line
]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip() or "and")
def test_every_defence_has_a_test(row: str) -> None:
    """Each test that the threat model names is there."""
    named = _TEST.findall(row.split("|")[-2])
    assert named
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text()

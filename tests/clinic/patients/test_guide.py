from pathlib import Path

from support import guides, servers

_PATH = Path(__file__).parents[3] / "docs" / "guide" / "patients.md"


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    """Whoever types the guide's lines next to an open clinic gets the answers that it shows."""
    steps = guides.steps(_PATH.read_text())
    with servers.running(tmp_path, {}) as server:
        printed = guides.follow(steps, server, tmp_path)
    assert any("/erase" in step.command for step in steps)
    guides.compare(steps, printed)

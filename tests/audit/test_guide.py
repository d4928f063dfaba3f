from pathlib import Path

from support import guides, servers

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "audit.md").read_text()


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    """Whoever types the guide's lines next to an open clinic gets the answers that it shows."""
    steps = guides.steps(GUIDE)
    with servers.running(tmp_path, {}) as server:
        printed = guides.follow(steps, server, tmp_path)
    assert any("audit verify" in step.command for step in steps)
    guides.compare(steps, printed)

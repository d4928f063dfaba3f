import re
from pathlib import Path

from fastapi.routing import iter_route_contexts

from calendula.access.roles import TABLE, Role, needed
from calendula.app import create_app
from calendula.settings import Settings
from support import guides, servers

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "access.md").read_text()


def test_the_guide_says_who_may(settings: Settings) -> None:
    """The guide's table has each operation with exactly the roles that the service asks for."""
    expected = {
        f"{method} {route.path_format}": ", ".join(needed(route.name or "")) or "anybody"
        for route in iter_route_contexts(create_app(settings).routes)
        for method in route.methods or ()
        if route.name in TABLE
    }
    documented = re.findall(r"^\| `([A-Z]+ /\S*)` \| ([^|]+) \|$", GUIDE, re.MULTILINE)
    assert dict(documented) == expected
    assert len(documented) == len(expected)


def test_the_guide_knows_every_role() -> None:
    """Each role is explained, and no other is."""
    assert re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE) == list(Role)


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    """Whoever types the guide's lines next to an open clinic gets the answers that it shows."""
    steps = guides.steps(GUIDE)
    with servers.running(tmp_path, {}) as server:
        printed = guides.follow(steps, server, tmp_path)
    assert any("key revoke" in step.command for step in steps)
    guides.compare(steps, printed)

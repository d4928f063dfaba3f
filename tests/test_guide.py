"""What the guide to setting up a clinic shows is what happens."""

import shlex
from pathlib import Path

import pytest

from support import guides, servers

_PATH = Path(__file__).parents[1] / "docs" / "guide" / "set-up-a-clinic.md"
PAGE = guides.ahead(_PATH.read_text())
START = "calendula serve"
SQLITE = "sqlite:///clinic.db"


def _follow(folder: Path, page: str, database_url: str) -> None:
    steps = guides.steps(page)
    typed = [step for step in steps if step.command != START]
    assert len(typed) == len(steps) - 1
    with servers.running(folder, {"CALENDULA_DATABASE_URL": database_url}) as server:
        printed = guides.follow(typed, server, folder)
    guides.compare(typed, printed)


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    """Whoever types the page's lines, in their order, gets the answers that it shows."""
    _follow(tmp_path, PAGE, SQLITE)


def test_all_is_the_same_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    """With the URL of a PostgreSQL instead, every answer is as the page shows it."""
    _follow(tmp_path, PAGE.replace(SQLITE, shlex.quote(postgresql_url)), postgresql_url)


@pytest.mark.parametrize(
    ("shown", "other"),
    [
        ('"code":"full"', '"code":"taken"'),
        ('"reason":"horizon"', '"reason":null'),
        ('etag: "2"', 'etag: "3"'),
    ],
)
def test_another_answer_would_be_noticed(shown: str, other: str) -> None:
    """An answer that is not the page's fails, whichever it is."""
    steps = guides.steps(PAGE)
    printed = [step.shown for step in steps]
    guides.compare(steps, printed)
    assert any(shown in text for text in printed)
    with pytest.raises(AssertionError):
        guides.compare(steps, [text.replace(shown, other) for text in printed])

"""What the guide to setting up a clinic shows is what happens."""

from pathlib import Path

import pytest

from support import guides, servers

PAGE = (Path(__file__).parents[1] / "docs" / "guide" / "set-up-a-clinic.md").read_text()
START = "calendula serve"


def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    """Whoever types the page's lines, in their order, gets the answers that it shows."""
    steps = guides.steps(PAGE)
    typed = [step for step in steps if step.command != START]
    assert len(typed) == len(steps) - 1
    clinic = {"CALENDULA_DATABASE_URL": "sqlite:///clinic.db"}
    with servers.running(tmp_path, clinic) as server:
        printed = guides.follow(typed, server, tmp_path)
    guides.compare(typed, printed)


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

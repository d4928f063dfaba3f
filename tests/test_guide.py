"""What the guides that start from nothing show is what happens."""

import re
import shlex
from pathlib import Path

import pytest

from calendula.appointments import lifecycle
from calendula.appointments.status import Status
from support import guides, servers

_GUIDES = Path(__file__).parents[1] / "docs" / "guide"
NAMES = ("set-up-a-clinic", "the-life-of-an-appointment")
PAGES = {name: guides.ahead((_GUIDES / f"{name}.md").read_text()) for name in NAMES}
START = "calendula serve"
SQLITE = "sqlite:///clinic.db"


def _follow(folder: Path, page: str, database_url: str) -> None:
    steps = guides.steps(page)
    typed = [step for step in steps if step.command != START]
    assert len(typed) == len(steps) - 1
    with servers.running(folder, {"CALENDULA_DATABASE_URL": database_url}) as server:
        printed = guides.follow(typed, server, folder)
    guides.compare(typed, printed)


@pytest.mark.parametrize("name", NAMES)
def test_the_guide_can_be_followed(tmp_path: Path, name: str) -> None:
    """Whoever types a page's lines, in their order, gets the answers that it shows."""
    _follow(tmp_path, PAGES[name], SQLITE)


@pytest.mark.parametrize("name", NAMES)
def test_all_is_the_same_on_postgresql(tmp_path: Path, name: str, postgresql_url: str) -> None:
    """With the URL of a PostgreSQL instead, every answer is as the page shows it."""
    page = PAGES[name].replace(SQLITE, shlex.quote(postgresql_url))
    _follow(tmp_path, page, postgresql_url)


@pytest.mark.parametrize(
    ("name", "shown", "other"),
    [
        ("set-up-a-clinic", '"code":"full"', '"code":"taken"'),
        ("set-up-a-clinic", '"reason":"horizon"', '"reason":null'),
        ("set-up-a-clinic", 'etag: "2"', 'etag: "3"'),
        ("the-life-of-an-appointment", '"code":"slot-held"', '"code":"slot-taken"'),
        ("the-life-of-an-appointment", "retry-after: 599", ""),
        ("the-life-of-an-appointment", '"manage_token":"mng_Yl', '"manage_token":"mng_'),
        ("the-life-of-an-appointment", "SEQUENCE:0", "SEQUENCE:1"),
    ],
)
def test_another_answer_would_be_noticed(name: str, shown: str, other: str) -> None:
    """An answer that is not the page's fails, whichever it is."""
    steps = guides.steps(PAGES[name])
    printed = [step.shown for step in steps]
    guides.compare(steps, printed)
    assert any(shown in text for text in printed)
    with pytest.raises(AssertionError):
        guides.compare(steps, [text.replace(shown, other) for text in printed])


def test_another_token_would_be_noticed() -> None:
    """A replay that gives another token than the first answer fails."""
    steps = guides.steps(PAGES["the-life-of-an-appointment"])
    printed = [step.shown for step in steps]
    (replay,) = (number for number, text in enumerate(printed) if text.startswith('"manage_token"'))
    printed[replay] = printed[replay].replace("mng_Y", "mng_Z")
    with pytest.raises(AssertionError):
        guides.compare(steps, printed)


def test_the_guide_knows_every_action() -> None:
    """The table of actions has each with the states that it leads from and to, and no other."""
    page = PAGES["the-life-of-an-appointment"]
    rows = re.findall(r"^\| `([a-z-]+)`[^|]* \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert rows == [
        (action, ", ".join(it for it in Status if it in sources), target)
        for action, (sources, target) in lifecycle.TABLE.items()
    ]

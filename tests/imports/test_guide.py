"""What the guide shows is what happens."""

import re
import shlex
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from calendula.access.roles import ADMIN
from calendula.database import Database
from calendula.imports.files import MEDIA_TYPES
from calendula.imports.records import COLUMNS, KINDS
from support.access import bearer, make_key
from support.commands import run

FOLDER = Path(__file__).parents[2] / "docs" / "guide"
GUIDE = (FOLDER / "import.md").read_text()
EXAMPLE = FOLDER / "import-example.csv"


def test_the_commands_print_what_the_guide_shows(tmp_path: Path, database_url: str) -> None:
    """The example is tried, imported and refused the second time, on both databases, as shown."""
    shown = re.findall(r"^\$ calendula (import .*)\n((?:[^$`].*\n)+)", GUIDE, re.MULTILINE)
    assert len(shown) == 3
    for number, (line, expected) in enumerate(shown):
        _, name, *flags = shlex.split(line)
        assert FOLDER.parents[1] / name == EXAMPLE
        done = run(tmp_path, "import", str(EXAMPLE), *flags, DATABASE_URL=database_url)
        printed = [it.rstrip() for it in (done.stdout + done.stderr).splitlines()]
        assert printed == expected.splitlines()
        assert done.returncode == (0, 0, 2)[number]


def test_the_curl_line_is_answered(client: TestClient, database: Database) -> None:
    """The request that the guide shows is a dry run of the example."""
    (line,) = re.findall(r"^curl (.*)\\\n(.*)$", GUIDE, re.MULTILINE)
    words = shlex.split("".join(line))
    assert words[:2] == ["-s", "http://127.0.0.1:8000/v1/imports?dry_run=true"]
    assert words[-3:] == [
        "Content-Type: text/csv",
        "--data-binary",
        "@docs/guide/import-example.csv",
    ]
    headers = bearer(make_key(database, ADMIN).text) | {"Content-Type": "text/csv"}
    path = words[1].removeprefix("http://127.0.0.1:8000")
    answer = client.post(path, content=EXAMPLE.read_bytes(), headers=headers)
    assert (answer.status_code, answer.json()["summary"]["added"]) == (200, 9)


def test_every_column_is_documented() -> None:
    """The table of columns has each column, and says rightly where it is required."""
    lines = [line.split("|") for line in GUIDE.splitlines() if line.startswith("| `")]
    rows = {cells[1].strip("` "): cells[2:5] for cells in lines if len(cells) == 7}
    assert set(rows) == set(COLUMNS)
    for name, marks in rows.items():
        for mark, kind in zip(marks, KINDS.values(), strict=True):
            field = kind.model_fields.get(name)
            required = name == "record" or (field is not None and field.is_required())
            expected = "required" if required else "optional" if field else ""
            assert mark.strip() == expected, name


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_the_content_types_are_documented(name: str) -> None:
    """The guide names the content type of either kind of file."""
    assert name in GUIDE

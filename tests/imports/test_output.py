import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from calendula.imports import output
from calendula.imports.report import Outcome, RowReport
from support import tables
from support.commands import run


def _printed(rows: list[RowReport], *, written: bool = True) -> list[str]:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(output.report(rows, written=written))
    return [line.rstrip() for line in capture.get().splitlines()]


def _rows(number: int) -> list[RowReport]:
    return [RowReport(row=row, record="hours") for row in range(2, number + 2)]


def test_only_what_matters_is_listed() -> None:
    """A row without errors and warnings is in the counts alone."""
    rows = _rows(3)
    rows[0].outcome = Outcome.KEPT
    assert _printed(rows) == ["3 rows: 2 added, 1 kept, 0 replaced, 0 error."]
    rows[1].warnings.append("[red]")
    rows[2].fail("start", "must not be blank")
    assert _printed(rows, written=False) == [
        "Row  Record  Outcome  What",
        "3    hours   added    warning: [red]",
        "4    hours   error    start must not be blank",
        "3 rows: 1 added, 1 kept, 0 replaced, 1 error. Nothing was written.",
    ]


def test_a_long_list_is_cut() -> None:
    """After 50 rows it says how many more there are."""
    rows = _rows(60)
    for row in rows:
        row.fail("start", "must not be blank")
    printed = _printed(rows)
    assert len(printed) == 1 + 50 + 2
    assert printed[-2] == "and 10 more"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"record", "FILE must end in .csv or .xlsx"),
        ("a.csv", b"\xff", "The file must be a text in UTF-8"),
        ("a.xlsx", b"record", "not readable as an Excel workbook"),
        ("a.csv", b"record\n", "no rows below its header"),
        ("b.csv", None, "does not exist"),
    ],
)
def test_a_file_that_is_none_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    """A file that cannot be read is one line of error, with exit code 2."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run(tmp_path, "import", name)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert words in line


def test_somebody_who_looks_sees_it_advance(tmp_path: Path) -> None:
    """On a terminal there is a bar on standard error; elsewhere nothing but errors is written."""
    (tmp_path / "a.csv").write_bytes(tables.csv_of([tables.DOCTOR, tables.HOURS]))
    quiet = run(tmp_path, "import", "a.csv", "--dry-run")
    assert quiet.stderr == ""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "calendula", "import", "a.csv"]
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **_path()}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        check=True,
    )
    os.close(theirs)
    seen = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "Importing" in seen
    assert "2/2" in seen
    assert done.stdout.decode() == "2 rows: 2 added, 0 kept, 0 replaced, 0 error.\n"


def _path() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}

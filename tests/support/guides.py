"""Pages of the documentation, followed line by line as a reader would follow them."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from calendula import clock
from support.servers import Server, clean_environment

_ADDRESS = "http://127.0.0.1:8000"
_END = "=== end of the answer ==="
_SECONDS = 120
_CURL = Path(__file__).with_name("curl.py")
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Not known beforehand: ids, keys with their handles, tokens, and when something was made, is used
# or ends.
_OWN = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|cal_[a-z2-9]{8}_[\w-]{43}|mng_[\w-]{43}"
    r'|\b[a-z2-9]{8}(?=  )|(?<="handle":")[a-z2-9]{8}|(?<=^Revoked )[a-z2-9]{8}'
)
_MADE = re.compile(
    r'(?<=at":")[0-9-]+T[0-9:.]+(?:Z|\+00:00)|\b[0-9-]{10} [0-9]{2}:[0-9]{2}\b'
    r"|(?<=^retry-after: )[0-9]+"
)
_HASH = re.compile(r'(?<="hash":")[0-9a-f]{64}(?=")')
_TODAY = re.compile(r"[0-9-]{10}(T[0-9:]{8})?|[0-9]+:[0-9]{2} [AP]M")
_CURSOR = re.compile(r'(?<="next":")[\w=-]+(?=")')
_FROM_NOW = ("/slots/next", "/slots/search")  # what is free from the present on


class Step(NamedTuple):
    """A line that the reader types, and what the page shows after it."""

    command: str
    shown: str


def ahead(page: str) -> str:
    """Return a page of October 2035 with a later year of the same weekdays, once that is past."""
    year = 2035
    while year <= clock.now().year or date(year, 10, 1).isoweekday() != 1:
        year += 1
    return page.replace("2035", str(year))


def steps(page: str) -> list[Step]:
    """Return the console lines of a page, those that go on after a `> ` in one."""
    lines = "".join(_BLOCK.findall(page)).replace("\n> ", "\n\0").splitlines()
    typed: list[list[str]] = []
    for line in lines:
        if line.startswith("$ "):
            typed.append([line.removeprefix("$ ")])
        else:
            typed[-1].append(line)
    return [_step(each) for each in typed]


def _step(lines: Sequence[str]) -> Step:
    command = [line for line in lines[1:] if line.startswith("\0")]
    shown = lines[1 + len(command) :]
    return Step("\n".join([lines[0], *(line[1:] for line in command)]), "\n".join(shown))


def follow(some: Sequence[Step], server: Server, folder: Path) -> list[str]:
    """Type the lines into one shell in this folder, in their order; return what each prints."""
    python = shlex.quote(sys.executable)
    script = [
        f'calendula() {{ {python} -m calendula "$@"; }}',
        f'curl() {{ {python} {shlex.quote(str(_CURL))} "$@"; }}',
    ]
    for step in some:
        script += [step.command.replace(_ADDRESS, server.url), f"printf '%s' '{_END}'"]
    done = subprocess.run(
        ["/bin/sh", "-eu"],
        input="\n".join(script),
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split(_END)[:-1]


def compare(some: Sequence[Step], printed: Sequence[str]) -> None:
    """See that each line prints what the page shows, but for what nobody can know beforehand.

    An id that the page shows twice must be one id in the answers too.
    """
    assert len(printed) == len(some)
    ours, theirs = Reading(), Reading()
    for step, text in zip(some, printed, strict=True):
        relative = any(path in step.command for path in _FROM_NOW)
        expected = theirs.read(step.shown, relative=relative)
        answer = ours.read(text, relative=relative)
        assert answer == expected, f"{step.command}\n{answer}\nis not\n{expected}"


class Reading:
    """Reads texts of one side; what is its own gets a number in the order of its coming."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def read(self, text: str, *, relative: bool) -> Any:
        """Return the value of a text in JSON, or its lines; `relative` to the present or not."""
        text = _HASH.sub("hash", text)
        text = _MADE.sub("then", _OWN.sub(lambda own: self._name(own[0]), text))
        if relative:
            text = _TODAY.sub("today", _CURSOR.sub("cursor", text))
        if text.startswith("{"):
            return json.loads(text)
        return [line.rstrip() for line in text.strip().splitlines()]

    def _name(self, own: str) -> str:
        return self._known.setdefault(own, f"own-{len(self._known)}")

"""What the README shows is what happens."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx2 as httpx

from calendula.settings import Settings
from support import servers

README = (Path(__file__).parents[1] / "README.md").read_text()


def _curl(line: str, url: str) -> Any:
    """Do what a `curl` line of the README does, to the service at another address."""
    words = shlex.split(line)[1:]
    headers, body, address = {}, None, ""
    while words:
        word = words.pop(0)
        if word == "-H":
            name, value = words.pop(0).split(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        elif word != "-s":
            address = word.replace("http://127.0.0.1:8000", url)
    method = "GET" if body is None else "POST"
    return httpx.request(method, address, headers=headers, content=body).json()


def test_the_curl_lines_answer_word_for_word(tmp_path: Path) -> None:
    """A new service answers the README's lines, in their order, as the README says."""
    lines = re.findall(r"^\$ (curl .*)\n(.*)$", README, re.MULTILINE)
    assert len(lines) == 3
    with servers.running(tmp_path, {}) as server:
        for line, expected in lines:
            answer = _curl(line, server.url)
            shown = json.loads(expected)
            for own in {"appointment_id", "manage_token"} & set(shown):
                shown[own] = answer[own]
            assert answer == shown


def test_every_setting_is_in_the_table() -> None:
    """The table of settings names each setting with its default, and no other."""
    rows = dict(re.findall(r"^\| `CALENDULA_(\w+)` \| `([^`]*)`", README, re.MULTILINE))
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    closed = Settings(open_clinic=False)
    for name, value in closed:
        if name != "open_clinic":
            shown = "none" if value in {None, ()} else str(value).removesuffix(".0")
            assert rows[name.upper()] == shown


def test_every_command_is_one(tmp_path: Path) -> None:
    """The commands that the README lists exist."""
    from typer.main import get_command

    from calendula.cli import app

    named = {line.split()[0] for line in re.findall(r"^\$ calendula (.*)$", README, re.MULTILINE)}
    assert named == set(get_command(app).commands)  # type: ignore[attr-defined]

"""The `calendula` command, as a person runs it."""

import re
import subprocess
from pathlib import Path

import pytest

from calendula import __version__
from calendula.access import keys
from support import commands, servers

KEY = ("key", "create", "--name", "front desk")


def _run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    if arguments[:1] == ("serve",) and "--port" not in arguments:
        arguments = (*arguments, "--port", str(servers.free_port()))
    return commands.run(folder, *arguments, **settings)


def _failed(result: subprocess.CompletedProcess[str]) -> str:
    """See that a command ended with one line of error and exit code 2; return the line."""
    assert result.returncode == 2, result
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("calendula: ")
    return line


def test_it_says_its_version(tmp_path: Path) -> None:
    """`calendula version` prints the version and nothing else."""
    assert _run(tmp_path, "version").stdout == f"calendula {__version__}\n"


def test_without_arguments_it_helps(tmp_path: Path) -> None:
    """`calendula` alone lists its commands."""
    result = _run(tmp_path)
    assert all(command in result.stdout for command in ("serve", "migrate", "doctor", "key"))
    assert result.stderr == ""


def test_doctors_are_added_and_listed(tmp_path: Path, database_url: str) -> None:
    """A doctor who is added is in the list, with specialty and zone."""
    added = _run(
        tmp_path,
        *("doctor", "add", "Dr. [red] Ada", "--specialty", "Surgery", "--time-zone", "Asia/Tokyo"),
        DATABASE_URL=database_url,
    )
    assert (added.returncode, added.stdout, added.stderr) == (0, "Added Dr. [red] Ada.\n", "")
    listed = _run(tmp_path, "doctor", "list", DATABASE_URL=database_url)
    assert listed.stdout.splitlines()[1].split("  ")[0] == "Dr. [red] Ada"
    assert "Surgery" in listed.stdout
    assert "Asia/Tokyo" in listed.stdout


def test_nobody_is_listed_where_nobody_is(tmp_path: Path) -> None:
    """A new embedded database is made at the first command, and has no doctors."""
    listed = _run(tmp_path, "doctor", "list")
    assert listed.stdout == "No doctors yet: calendula doctor add NAME.\n"
    assert (tmp_path / "calendula.db").exists()


def test_keys_are_made_listed_and_revoked(tmp_path: Path, database_url: str) -> None:
    """A key is printed once and alone, is in the list without its secret, and can be revoked."""

    def run(*arguments: str) -> str:
        result = _run(tmp_path, *arguments, DATABASE_URL=database_url)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    run("doctor", "add", "Dr. Ada")
    assert run("key", "list") == "No keys yet: calendula key create.\n"
    named = ("key", "create", "--name", "[red] desk")
    key = run(*named, "--role", "doctor", "--doctor", "dr. ada", "--expires", "90d")
    handle = keys.handle_of(key.removesuffix("\n"))
    assert handle is not None
    run(*named, "--role", "auditor")
    heads, line, other = run("key", "list").splitlines()
    assert heads.split()[:5] == ["Handle", "Name", "Role", "Doctor", "Created"]
    start = (handle, "[red] desk", "doctor", "Dr. Ada")
    assert tuple(re.split("  +", line))[:4] == start
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", line)) == 2
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", other)) == 1
    assert run("key", "revoke", handle) == f"Revoked {handle}.\n"
    _, line, _ = run("key", "list").splitlines()
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", line)) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("doctor", "add", " "), "NAME must not be blank"),
        (("doctor", "add", "Dr. A", "--specialty", "\u202e"), "--specialty must not"),
        (("doctor", "add", "Dr. A", "--time-zone", "../etc/passwd"), "--time-zone is not an IANA"),
        (("doctor", "add"), "Missing argument"),
        (("key", "create", "--role", "admin"), "Missing option '--name'"),
        ((*KEY, "--role", "boss"), "'--role'"),
        (("key", "create", "--role", "admin", "--name", " "), "--name must not be blank"),
        ((*KEY, "--role", "admin", "--expires", "soon"), "--expires must be a time such as 30m"),
        ((*KEY, "--role", "admin", "--expires", ""), "--expires must be a time such as 30m"),
        ((*KEY, "--role", "doctor"), "names a doctor"),
        ((*KEY, "--role", "doctor", "--doctor", "Dr. Who"), "No doctor of that name works here"),
        (("key", "revoke", "abcdefgh"), "There is no such key"),
        (("key", "revoke"), "Missing argument"),
        (("serve", "--port", "x"), "'--port'"),
        (("serve", "--port", "0"), "'--port'"),
        (("serve", "--workers", "2"), "SQLite is for one process"),
        (("serve", "--host", "256.0.0.1"), "Cannot listen on 256.0.0.1"),
        (("fly",), "No such command"),
    ],
    ids=str,
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """A wrong use is one line that names the mistake, with exit code 2."""
    assert words in _failed(_run(tmp_path, *arguments))


def test_a_name_that_is_taken_is_one_line(tmp_path: Path, database_url: str) -> None:
    """A second doctor of the same name is refused."""
    assert _run(tmp_path, "doctor", "add", "Dr. A", DATABASE_URL=database_url).returncode == 0
    again = _run(tmp_path, "doctor", "add", "dr.  a", DATABASE_URL=database_url)
    assert "works here already" in _failed(again)


@pytest.mark.parametrize("command", [("serve",), ("migrate",), ("doctor", "list")], ids=str)
def test_a_bad_setting_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A value that cannot be used stops the command with the variable's name."""
    assert "CALENDULA_POOL_SIZE: " in _failed(_run(tmp_path, *command, POOL_SIZE="many"))


@pytest.mark.parametrize("command", [("serve",), ("migrate",), ("doctor", "list")], ids=str)
def test_a_database_that_is_not_there_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A database that does not answer stops the command with the reason, not the password."""
    url = "postgresql://anna:secret@127.0.0.1:1/clinic"
    line = _failed(_run(tmp_path, *command, DATABASE_URL=url))
    assert "does not answer" in line
    assert "secret" not in line


@pytest.mark.parametrize("command", [("serve",), ("doctor", "list")], ids=str)
def test_a_schema_that_is_behind_is_refused(
    tmp_path: Path, empty_postgresql: str, command: tuple[str, ...]
) -> None:
    """PostgreSQL is not migrated by itself: the line says which command to run, and it helps."""
    line = _failed(_run(tmp_path, *command, DATABASE_URL=empty_postgresql))
    assert "run calendula migrate" in line
    migrated = _run(tmp_path, "migrate", DATABASE_URL=empty_postgresql)
    assert "The database is at revision" in migrated.stdout
    assert _run(tmp_path, "doctor", "list", DATABASE_URL=empty_postgresql).returncode == 0


def test_a_schema_that_is_ahead_is_refused(tmp_path: Path, database_url: str) -> None:
    """A database of a later version is not touched: the line says to upgrade."""
    from sqlalchemy import text

    from calendula.database import Database
    from calendula.settings import Settings

    database = Database.from_settings(Settings(database_url=database_url))
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    for command in ("serve",), ("migrate",), ("doctor", "list"):
        line = _failed(_run(tmp_path, *command, DATABASE_URL=database_url))
        assert "upgrade Calendula" in line


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    """A refusal of the database is told from its silence, and `.env` in no UTF-8 is named."""
    (tmp_path / "calendula.db").write_bytes(b"no database" * 100)
    assert "The database refuses: file is not a database" in _failed(_run(tmp_path, "migrate"))
    (tmp_path / ".env").write_bytes(b"CALENDULA_TIME_ZONE=\xff\n")
    assert ".env: must be a text in UTF-8" in _failed(_run(tmp_path, "migrate"))

"""`calendula serve`, really started."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from calendula import server
from calendula.app import create_app
from calendula.settings import Settings
from support import BOOKING, servers

STOPPED = {0, -signal.SIGTERM}


def test_it_starts_with_nothing(tmp_path: Path) -> None:
    """In an empty folder it makes its database and its doctors, and books, now and again."""
    key = {"Idempotency-Key": "k"}
    with servers.running(tmp_path, {}) as running:
        first = httpx.post(f"{running.url}/book_appointment", json=BOOKING, headers=key)
        assert first.status_code == 201
        assert running.stop() in STOPPED
    with servers.running(tmp_path, {}) as running:
        again = httpx.post(f"{running.url}/book_appointment", json=BOOKING, headers=key)
        assert again.content == first.content
        assert again.headers["Idempotency-Replayed"] == "true"
    database = create_engine(f"sqlite:///{tmp_path / 'calendula.db'}")
    with database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM doctor")) == 4
    database.dispose()


def test_it_serves_one_database_with_two_workers(tmp_path: Path, postgresql_url: str) -> None:
    """On PostgreSQL several workers share the work, and a closed clinic has no sample doctors."""
    settings = {
        "CALENDULA_DATABASE_URL": postgresql_url,
        "CALENDULA_LOG_FORMAT": "json",
        "CALENDULA_SLOTS_PER_CLIENT": "0",
    }
    with servers.running(tmp_path, settings, workers=2) as running:
        lookup = {"doctor_name": "Dr. Rajesh Kumar", "date": "2025-02-07"}
        answer = httpx.get(f"{running.url}/available_slots", params=lookup)
        assert answer.status_code == 404
        assert running.stop() in STOPPED
    for line in running.log.read_text().splitlines():
        assert json.loads(line)["level"] == "info", line


def test_a_new_clinic_hands_out_its_first_key(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The first start of an open clinic prints an admin's key, outside the log; the next do not."""
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    opened = Settings(database_url=sqlite_url, open_clinic=True)
    server.serve(opened, "127.0.0.1", servers.free_port(), 1)
    written = capsys.readouterr()
    said, key = written.out.splitlines()
    assert said == "A key with the role admin, for this new clinic. It is shown only now:"
    assert written.err == ""
    with TestClient(create_app(opened), headers={"Authorization": f"Bearer {key}"}) as client:
        assert client.get("/v1/keys").status_code == 200
    capsys.readouterr()
    server.serve(opened, "127.0.0.1", servers.free_port(), 1)
    assert capsys.readouterr().out == ""


def test_a_closed_clinic_hands_out_no_key(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Where the clinic is closed, its keys are made on the command line alone."""
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    closed = Settings(database_url=sqlite_url, open_clinic=False)
    server.serve(closed, "127.0.0.1", servers.free_port(), 1)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("host", "opened", "lines"),
    [("192.0.2.1", True, 1), ("192.0.2.1", False, 0), ("127.0.0.2", True, 0), ("::1", True, 0)],
)
def test_an_open_clinic_beyond_this_machine_warns(
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    host: str,
    opened: bool,
    lines: int,
) -> None:
    """Listening beyond the machine as an open clinic is said in one line; else it is quiet."""
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    monkeypatch.setattr("calendula.server._check_address", lambda *_: None)
    public = Settings(
        database_url=sqlite_url, open_clinic=opened, public_url="https://clinic.example"
    )
    server.serve(public, host, 8000, 1)
    written = capsys.readouterr().err.splitlines()
    found = [line for line in written if "CALENDULA_OPEN_CLINIC=false" in line]
    assert len(written) == len(found) == lines


@pytest.mark.parametrize(
    ("workers", "more", "lines"), [(1, {}, 0), (2, {}, 1), (2, {"rate_store": "redis://r"}, 0)]
)
def test_workers_that_do_not_count_together_warn(
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    workers: int,
    more: dict[str, Any],
    lines: int,
) -> None:
    """Where each worker allows everything by itself, the start says so and what to set."""
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    settings = Settings(database_url=postgresql_url, open_clinic=False, **more)
    server.serve(settings, "127.0.0.1", servers.free_port(), workers)
    written = capsys.readouterr().err.splitlines()
    assert len(written) == lines
    assert all("CALENDULA_RATE_STORE" in line for line in written)


@pytest.mark.parametrize(("host", "lines"), [("192.0.2.1", 1), ("127.0.0.1", 0)])
def test_a_clinic_that_does_not_say_where_it_is_warns(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: Any, host: str, lines: int
) -> None:
    """Whoever listens beyond the machine without a public address is told what that means."""
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    monkeypatch.setattr("calendula.server._check_address", lambda *_: None)
    server.serve(Settings(database_url=sqlite_url, open_clinic=False), host, 8000, 1)
    assert capsys.readouterr().err.count("CALENDULA_PUBLIC_URL is not set") == lines


def test_a_misspelt_setting_warns(tmp_path: Path) -> None:
    """A variable that is named like a setting but is none is pointed out."""
    with servers.running(tmp_path, {"CALENDULA_DATABSE_URL": "x"}) as running:
        log = running.log.read_text()
    (line,) = [line for line in log.splitlines() if "[warning" in line]
    assert "CALENDULA_DATABSE_URL" in line


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    """A port that somebody else listens on stops the start with a line that says so."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"Cannot listen on 127.0.0.1 port {port}: "):
            servers.start(tmp_path, {}, port=port)


def test_a_start_loads_nothing_that_it_can_do_without() -> None:
    """PostgreSQL's driver, migrations and catalogs wait until they are used."""
    later = {"psycopg", "alembic", "babel.messages"}
    loads = "import calendula.cli, calendula.app, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", loads], capture_output=True, check=True, text=True)
    assert not later & set(run.stdout.split())

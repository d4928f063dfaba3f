"""The service is told to stop while it is in the middle of things."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from sqlalchemy import select, update

from calendula.doctors.models import Doctor
from support import load, servers
from support.insisting import Insisting
from support.load import Booking
from support.proxy import Proxy
from support.servers import Server
from support.waiting import wait_until

TEN_SECONDS = 10.0
STOPPED = {0, -signal.SIGTERM}


@contextmanager
def _doctors_locked(database_url: str) -> Iterator[None]:
    """Let nobody book for the length of a block."""
    with load.database_of(database_url) as database, database.write() as session:
        session.execute(update(Doctor).values(name=Doctor.name))
        yield


def test_no_request_is_cut(tmp_path: Path, database_url: str) -> None:
    """Who has asked when a service is told to stop is answered, and streams end, in ten seconds."""
    keys = [None, None, '"quoted, so that it books alone"']
    with load.service(tmp_path, database_url) as service, ExitStack() as stack:
        clients = [stack.enter_context(load.connection_to(service.url)) for _ in keys]
        stream = stack.enter_context(load.connection_to(service.url))
        _open_stream(stream, database_url)
        with _doctors_locked(database_url):
            for number, (client, key) in enumerate(zip(clients, keys, strict=True)):
                load.send(client, load.slot(number), key)
            _wait_until_read(service)
            told = monotonic()
            service.process.terminate()
            _wait_until_told(service)
        assert [load.receive(client).status for client in clients] == [201] * len(keys)
        assert service.process.wait(told + TEN_SECONDS - monotonic()) in STOPPED
    assert len(load.held(database_url)) == len(keys)


def test_a_restart_under_load(tmp_path: Path, database_url: str) -> None:
    """Of what was asked for when the service stopped all that was booked was answered."""
    environment = {"CALENDULA_DATABASE_URL": database_url, "CALENDULA_OPEN_CLINIC": "true"}
    with (
        ExitStack() as behind,
        load.service(tmp_path, database_url) as service,
        Insisting(service.url) as patients,
    ):
        patients.go_on()
        service.process.terminate()
        assert service.process.wait(TEN_SECONDS) in STOPPED
        patients.wait_for(lambda: _booked(database_url) == patients.confirmed)
        port = urlsplit(service.url).port
        behind.callback(servers.start(tmp_path, environment, port=port).kill)
        patients.go_on(since="the service answers again")
    patients.assert_kept(database_url)


def test_a_frozen_database_does_not_keep_it(tmp_path: Path, proxied_url: str, proxy: Proxy) -> None:
    """With the time-outs that it has by default it ends in 10 s though the database is frozen."""
    with load.service(tmp_path, proxied_url) as service, ExitStack() as stack:
        client = stack.enter_context(load.connection_to(service.url))
        assert load.book(client, load.slot(0)).status == 201
        proxy.freeze()
        load.send(client, load.slot(1))
        _wait_until_read(service)
        service.process.terminate()
        assert service.process.wait(TEN_SECONDS) in STOPPED
        assert load.receive(client).status == 503


def _open_stream(connection: HTTPConnection, database_url: str) -> None:
    with load.database_of(database_url) as database, database.read() as session:
        doctor = session.scalars(select(Doctor.id).limit(1)).one()
    connection.request("GET", f"/live?doctor={doctor}")
    assert connection.getresponse().status == 200


def _wait_until_read(service: Server) -> None:
    """Wait until each worker has read what was sent to it before."""
    for _ in range(8):
        with load.connection_to(service.url) as connection:
            connection.request("GET", "/healthz")
            assert connection.getresponse().read()


def _wait_until_told(service: Server) -> None:
    """Wait until a worker has begun to stop."""
    wait_until(lambda: "Shutting down" in service.log.read_text())


def _booked(database_url: str) -> dict[Booking, str]:
    return {Booking(it.date, it.slot): str(it.id) for it in load.held(database_url)}

"""What `calendula serve` does before and around the app."""

import ipaddress
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager

import structlog
import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from calendula import garbage, logs, metrics, samples, traces
from calendula.access import service as access
from calendula.database import Database, schema
from calendula.http import sharing
from calendula.settings import Settings

_log = structlog.get_logger("calendula")
_SHUTDOWN_SECONDS = 6  # for those who are being served; with the farewells, all is over in ten
_KEPT_FIRST = "calendula.classic.front:Front"
_ALL = "calendula.http.lenient:Lenient"  # every request comes to the app, and to its trace


class CannotServe(ValueError):
    """The service cannot start; the text is one line that says why and what to do."""


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Run the service until it is told to stop. Raises CannotServe."""
    logs.configure(settings.log_format)
    with closing(Database.from_settings(settings)) as database:
        if workers > 1 and database.embedded:
            raise CannotServe(
                "SQLite is for one process: use one worker, or PostgreSQL (CALENDULA_DATABASE_URL)."
            )
        _check_address(host, port)
        if settings.metrics_port:
            _check_address(settings.metrics_host, settings.metrics_port)
        prepare(database)
        if settings.open_clinic:
            samples.add_doctors(database, settings.time_zone)
            _hand_out_first_key(database)
    if settings.rate_store is not None:
        sharing.store(settings.rate_store)  # complains here, and not in each worker
    _warn(settings, host, workers)
    with _counted(workers):
        _show_metrics(settings)
        uvicorn.run(
            "calendula.server:create_app",
            factory=True,
            http=_ALL if traces.wanted() else _KEPT_FIRST,
            ws="none",
            host=host,
            port=port,
            workers=workers,
            forwarded_allow_ips=list(settings.trusted_proxies),
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=settings.connections // 2,  # so that none makes room before it was listened to
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )


def create_app() -> FastAPI:
    """Return the app for a process that serves it, which loads it and keeps it."""
    with garbage.spared():
        from calendula import app

        return app.create_app()


@contextmanager
def _counted(workers: int) -> Iterator[None]:
    """Let several workers count in one folder, which is theirs while they run."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="calendula-metrics-") as folder:
        os.environ[metrics.SHARED] = folder
        try:
            yield
        finally:
            del os.environ[metrics.SHARED]


def _show_metrics(settings: Settings) -> None:
    """Answer on a port of its own, from a thread of this process, which watches the workers."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, settings.metrics_host, metrics.registry())


def _hand_out_first_key(database: Database) -> None:
    """Let whoever starts a new clinic in. On standard output: a log is kept and read by others."""
    with database.write() as session:
        key = access.create_first(session)
    if key is not None:
        print(  # noqa: T201 - the command's output
            f"A key with the role admin, for this new clinic. It is shown only now:\n{key}",
            flush=True,
        )


def _warn(settings: Settings, host: str, workers: int) -> None:
    if settings.open_clinic and not _is_loopback(host):
        _log.warning(
            "An open clinic listens beyond this machine: anybody may book any doctor at any time. "
            "Set CALENDULA_OPEN_CLINIC=false to close it."
        )
    if workers > 1 and settings.slots_per_client and settings.rate_store is None:
        _log.warning(
            "Each worker counts by itself what a client does, and each allows it all. "
            "Set CALENDULA_RATE_STORE to count together."
        )
    if settings.public_url is None and not _is_loopback(host):
        _log.warning(
            "CALENDULA_PUBLIC_URL is not set: the link that a patient is shown leads to where the "
            "service itself listens, and browsers are not told to come by HTTPS alone."
        )
    for name in settings.unknown_variables(os.environ):
        _log.warning(f"{name} is set, but is no setting of Calendula.")


def prepare(database: Database) -> None:
    """See that the schema is this version's: migrate an embedded database, refuse another.

    Raises CannotServe with the command to run, SchemaAhead, and Unavailable where the database does
    not answer.
    """
    if not schema.is_behind(database):
        return
    if not database.embedded:
        raise CannotServe("The database's schema is behind this version: run calendula migrate.")
    schema.migrate(database)


def _check_address(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise CannotServe(f"Cannot listen on {host} port {port}: {error.strerror}.") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Runs migrations: on the connection that `calendula migrate` hands over, or on one of its own."""

from contextlib import closing

from alembic import context
from sqlalchemy import Connection, text

from calendula.access import models as _access  # noqa: F401 - fills the metadata
from calendula.appointments import models as _appointments  # noqa: F401
from calendula.database import Base, Database
from calendula.database.base import is_of
from calendula.doctors import models as _doctors  # noqa: F401
from calendula.events import models as _events  # noqa: F401
from calendula.idempotency import models as _idempotency  # noqa: F401
from calendula.patients import models as _patients  # noqa: F401
from calendula.settings import Settings
from calendula.timetables import models as _timetables  # noqa: F401
from calendula.visit_types import models as _visit_types  # noqa: F401

_LOCK = 0x63616C65  # "cale", so that two processes do not migrate at once


def _prepare(connection: Connection) -> None:
    """Let one process migrate at a time, as long as it takes, without queueing behind others.

    SQLite's transaction is the only writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.connection.driver_connection.patience = None  # type: ignore[union-attr]
        patience = connection.scalar(text("SHOW lock_timeout"))
        connection.execute(text("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("SELECT set_config('lock_timeout', :it, true)"), {"it": patience})


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=is_of(connection.dialect.name),
        transactional_ddl=True,  # SQLite's DDL is transactional too, once the driver lets it be
        render_as_batch=True,
    )
    with context.begin_transaction():
        _prepare(connection)
        context.run_migrations()


def _main() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    with (
        closing(Database.from_settings(Settings.load())) as database,
        database.writer.begin() as connection,
    ):
        _run(connection)


_main()

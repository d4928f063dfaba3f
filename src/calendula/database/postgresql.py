from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event, exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from calendula.settings import Settings

if TYPE_CHECKING:
    from calendula.database.postgresql_connection import Connection

# A commit is on the disk before its 201, also on a server that is told not to wait for the disk.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)

_IS_NEW = "is new"  # in what the pool keeps beside a connection
_READ_ONLY = "25006"  # read_only_sql_transaction
_UNSUPPORTED = "0A000"  # feature_not_supported


def engines(url: URL, settings: Settings) -> tuple[Engine, Engine]:
    """Return an engine for readers and one for writers, of one pool.

    Each session has time-outs of the server's own, so that a lock or a slow statement ends with an
    answer. READ COMMITTED is what the booking statement is made for: it must see who was first. So
    a reader's statements see no more and no less without a transaction around them, which would be
    two more round trips.
    """
    options = {
        "statement_timeout": _milliseconds(settings.statement_timeout),
        "lock_timeout": _milliseconds(settings.lock_timeout),
        "idle_in_transaction_session_timeout": _milliseconds(2 * settings.statement_timeout),
        "default_transaction_isolation": r"read\ committed",
        # Of memory and of an SSD. By the default, a turning disk's, whole tables were read.
        "random_page_cost": "1.1",
        "timezone": "UTC",
        "client_encoding": "UTF8",  # a database in SQL_ASCII would give bytes instead of texts
    }
    ours = " ".join(f"-c {name}={value}" for name, value in options.items())
    given = url.query.get("options", "")
    patience = str(max(1, round(settings.connect_timeout)))
    query = {
        "target_session_attrs": "read-write",  # of several hosts, the primary; never a standby
        **url.query,
        "options": f"{ours} {given}".strip(),
        "connect_timeout": patience,
    }
    engine = create_engine(
        url.set(query=query),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        connection.cursor().execute(_DURABLE)
        connection.commit()
        record.info[_IS_NEW] = True

    _watch(engine, settings.statement_timeout + settings.connect_timeout)
    return engine.execution_options(isolation_level="AUTOCOMMIT"), engine


def _watch(engine: Engine, patience: float) -> None:
    """Let nobody be given a connection that is lost, nor wait on one for longer than `patience`."""

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: object, _record: object, arguments: Any, options: dict[str, Any]
    ) -> "Connection":
        from calendula.database.postgresql_connection import Connection

        connection = Connection.connect(*arguments, **options)
        connection.patience = patience
        return connection

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info.pop(_IS_NEW, False):
            return
        try:
            connection.check()
            connection.plan_anew()
        except engine.dialect.loaded_dbapi.Error as error:  # all of its time are: it was restarted
            raise exc.InvalidatePoolError from error

    @event.listens_for(engine, "handle_error")
    def leave(context: ExceptionContext) -> None:
        """Give up a server that takes no writes any more: another is the primary.

        And connections that have prepared what a migration has made another type of.
        """
        if getattr(context.original_exception, "sqlstate", None) in {_READ_ONLY, _UNSUPPORTED}:
            context.is_disconnect = True


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))

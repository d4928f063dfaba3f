from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from calendula.settings import Settings

# A commit is on the disk before its 201, also on a server that is told not to wait for the disk.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)


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
    engine = create_engine(
        url.update_query_dict({"options": f"{ours} {given}".strip(), "connect_timeout": patience}),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        hide_parameters=True,
        # A plan that was made for small tables would be kept while they grow. PostgreSQL's own
        # plans, by which it looks for the rows of foreign keys, may be kept: they are always right.
        connect_args={"prepare_threshold": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        connection.cursor().execute(_DURABLE)
        connection.commit()

    return engine.execution_options(isolation_level="AUTOCOMMIT"), engine


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))

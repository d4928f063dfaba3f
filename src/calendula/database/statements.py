from sqlalchemy.dialects.postgresql import Insert as PostgreSQLInsert
from sqlalchemy.dialects.sqlite import Insert as SQLiteInsert
from sqlalchemy.orm import DeclarativeBase, Session


def insert_unless_conflict(
    session: Session, table: type[DeclarativeBase]
) -> PostgreSQLInsert | SQLiteInsert:
    """Return an INSERT that does nothing where a unique or exclusion constraint stands against it.

    With `RETURNING`, no row means that somebody else was first. It waits for a transaction that has
    inserted such a row and not ended yet, and takes no deadlock where a plain INSERT would.
    """
    insert = SQLiteInsert if session.get_bind().dialect.name == "sqlite" else PostgreSQLInsert
    return insert(table).on_conflict_do_nothing()

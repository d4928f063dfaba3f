from collections.abc import Callable

from sqlalchemy import Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import SchemaItem

_ONLY = "calendula.only"  # in an index's info


class Base(DeclarativeBase):
    """The tables' common base. Constraints have fixed names: migrations speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_index",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


def partial_index(
    name: str, *columns: str, where: str, unique: bool = False, only: str | None = None
) -> Index:
    """Return an index of the rows of which a condition is true, in `only` one kind of database."""
    condition = text(where)
    alone = {} if only is None else {_ONLY: only}
    return Index(
        name,
        *columns,
        unique=unique,
        postgresql_where=condition,
        sqlite_where=condition,
        info=alone,
    )


def is_of(dialect: str) -> Callable[..., bool]:
    """Return what tells Alembic what a kind of database is to have (its `include_object`)."""

    def is_of_it(thing: SchemaItem, *_about: object) -> bool:
        return bool(thing.info.get(_ONLY, dialect) == dialect)

    return is_of_it

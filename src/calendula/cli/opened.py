"""The clinic's database, as most commands need it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from calendula import server
from calendula.database import Database
from calendula.settings import Settings


@contextmanager
def clinic(settings: Settings | None = None) -> Iterator[Database]:
    """Open the database of the settings, once its schema is this version's; close it in the end.

    Raises what `server.prepare` does.
    """
    with closing(Database.from_settings(settings or Settings.load())) as database:
        server.prepare(database)
        yield database

"""A second copy of an embedded database, while it is served."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from calendula.database import Database, dumps, files, schema
from calendula.database.files import FileRefused
from calendula.settings import Settings


def back_up(settings: Settings, target: Path, *, force: bool = False) -> str:
    """Write a copy of the database, as it is at one moment; return the revision of its schema.

    The copy is looked at before it takes its name: until then what had the name is there, and then
    it is replaced if `force` says so. Raises FileRefused, with what to do instead on PostgreSQL;
    NoDatabase; and OSError.
    """
    with closing(Database.from_settings(settings)) as database:
        if database.file is None:
            command = dumps.dump_command(make_url(settings.database_url), target)
            raise FileRefused(f"PostgreSQL is backed up by its own tool: {command}")
        database.see_that_it_exists()
        own = database.file.resolve()
        if target.resolve() in {own, *files.beside(own)}:
            raise FileRefused(f"{target} belongs to the database itself: choose another name.")
        if target.exists() and not force:
            raise FileRefused(f"{target} is there already: choose another name, or use --force.")
        revision = schema.present(database)
        with files.made_beside(target) as made:
            files.write_copy(database, made)
            files.refuse_damaged(made, "The copy")
            if revision is None or files.revision(made) != revision:
                raise FileRefused(f"{own.name} has no schema of Calendula's, or is changing it.")
            files.put(made, target)
    return revision

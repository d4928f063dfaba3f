"""A backup in the place of an embedded database, once it has been looked at."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import URL, make_url, select
from sqlalchemy.exc import DBAPIError

from calendula.access.models import ApiKey
from calendula.database import Database, dumps, files, schema
from calendula.database.files import FileRefused
from calendula.patients.models import Patient
from calendula.settings import Settings
from calendula.upkeep.check import State, check

_UNREADABLE = "what was there cannot be read, so nobody can tell whom it had erased since"


class Gone(NamedTuple):
    """Who was erased, by id, and which keys were revoked, by handle."""

    patients: frozenset[UUID] = frozenset()
    keys: frozenset[str] = frozenset()


class Restored(NamedTuple):
    """What has become of a database."""

    revision: str
    """The backup's; the schema is this version's by now."""
    aside: Path | None
    """Where what was there is."""
    undone: Gone
    """Who is back, and which keys are good again, that were not before."""
    warning: str | None


def restore(settings: Settings, source: Path) -> Restored:
    """Put a backup in the place of the database, which nobody may have open.

    A copy of it is migrated and looked at first, as `calendula check` does. Raises FileRefused,
    with what to do instead on PostgreSQL, SchemaAhead and OSError: then nothing was replaced.
    """
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        command = dumps.restore_command(url, source)
        raise FileRefused(f"PostgreSQL restores by its own tool, where nothing is: {command}")
    target = Path(str(url.database)).resolve()
    _refuse_part(source, target)
    with files.made_beside(target) as made:
        shutil.copyfile(source, made)
        revision = _refuse_other(made, source)
        with closing(_database(settings, made)) as copy:
            if schema.is_behind(copy):
                schema.migrate(copy)
            _refuse_broken(copy, source)
            then = _gone(copy)
        files.let_nobody_have_open(made)  # and nothing of it is in a write-ahead log
        aside = files.replace(target, made)
    try:
        now = _gone_in(settings, aside) if aside else then
    except DBAPIError:
        return Restored(revision, aside, Gone(), _UNREADABLE)
    undone = Gone(now.patients - then.patients, now.keys - then.keys)
    return Restored(revision, aside, undone, None)


def _refuse_part(source: Path, target: Path) -> None:
    if source.resolve() == target:
        raise FileRefused(f"{source} is the database itself.")
    for part in files.beside(source):
        if part.exists() and part.stat().st_size:
            raise FileRefused(f"{source} is not all of a database, as {part.name} is beside it.")


def _refuse_other(made: Path, source: Path) -> str:
    files.refuse_damaged(made, source)
    revision = files.revision(made)
    schema.refuse_ahead(revision, source)
    if revision is None or revision not in schema.known():
        raise FileRefused(f"{source} is a database, but none of Calendula's.")
    return revision


def _refuse_broken(copy: Database, source: Path) -> None:
    for finding in check(copy):
        if finding.state is State.BROKEN:
            raise FileRefused(f"{source} is broken: {finding.name}: {finding.detail}.")


def _database(settings: Settings, path: Path) -> Database:
    url = URL.create("sqlite", database=str(path)).render_as_string()
    return Database.from_settings(settings.model_copy(update={"database_url": url}))


def _gone_in(settings: Settings, path: Path) -> Gone:
    with closing(_database(settings, path)) as database:
        return _gone(database)


def _gone(database: Database) -> Gone:
    patients = select(Patient.id).where(Patient.erased_at.is_not(None))
    keys = select(ApiKey.handle).where(ApiKey.revoked_at.is_not(None))
    with database.read() as session:
        return Gone(frozenset(session.scalars(patients)), frozenset(session.scalars(keys)))


def told(restored: Restored, name: object) -> Iterator[str]:
    """Yield what has become of the database, and what there is to do, line by line."""
    yield f"Restored {name}, of revision {restored.revision}."
    if restored.aside:
        yield f"What was there is {restored.aside} now."
    if restored.warning:
        yield f"Warning: {restored.warning}."
    for patient_id in sorted(restored.undone.patients):
        yield f"Erased since, so erase again: patient {patient_id}"
    for handle in sorted(restored.undone.keys):
        yield f"Revoked since, so revoke again: key {handle}"

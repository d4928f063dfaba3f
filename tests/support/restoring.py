"""Restores of a clinic in a file, and what came of them."""

import re
from pathlib import Path

import pytest

from calendula.database import Database, schema
from calendula.database.files import FileRefused
from calendula.settings import Settings
from calendula.upkeep.restore import restore, told
from support import load


def held(clinic: Database) -> int:
    """Return how many appointments of a clinic hold their slots."""
    return len(load.held(f"sqlite:///{clinic.file}"))


def settings_of(clinic: Database) -> Settings:
    """Return settings with the clinic's database."""
    return Settings(database_url=f"sqlite:///{clinic.file}")


def restored(clinic: Database, source: Path) -> list[str]:
    """Restore a clinic from a backup, and return the lines that tell of it."""
    return list(told(restore(settings_of(clinic), source), source.name))


def refused(clinic: Database, source: Path) -> str:
    """See that a restore is refused in one line, and that nothing is replaced; return the line."""
    assert clinic.file is not None
    before = clinic.file.read_bytes(), sorted(it.name for it in source.parent.iterdir())
    with pytest.raises((FileRefused, schema.SchemaAhead)) as refused:
        restore(settings_of(clinic), source)
    after = clinic.file.read_bytes(), sorted(it.name for it in source.parent.iterdir())
    assert after == before
    (line,) = str(refused.value).splitlines()
    return line


def aside_of(lines: list[str]) -> Path:
    """Return the file that has what was there before, by the lines that tell of a restore."""
    (path,) = (
        it[1] for line in lines if (it := re.fullmatch(r"What was there is (.*) now\.", line))
    )
    return Path(path)

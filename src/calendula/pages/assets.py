"""What the pages load beside themselves: each file under a path that changes with its content."""

import gzip
import mimetypes
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

_FOLDER = files("calendula.pages") / "static"
_DIGITS = 12


class Asset(NamedTuple):
    """A file of the pages."""

    content: bytes
    compressed: bytes
    """By gzip."""
    media_type: str
    version: str


@cache
def load() -> dict[str, Asset]:
    """Return all files by their names."""
    return {
        file.name: _asset(file.name, file.read_bytes())
        for file in _FOLDER.iterdir()
        if file.is_file()
    }


def path(name: str) -> str:
    """Return the path of a file: browsers may keep it for ever, since another has another path."""
    return f"/static/{load()[name].version}/{name}"


def paths() -> list[str]:
    """Return the paths of all files."""
    return [path(name) for name in load()]


def _asset(name: str, content: bytes) -> Asset:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    version = sha256(content).hexdigest()[:_DIGITS]
    return Asset(content, gzip.compress(content, mtime=0), media_type, version)

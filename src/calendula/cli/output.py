"""How the commands print, and what they say of an argument that cannot be used."""

import sys
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console

_Checked = TypeVar("_Checked")

out = Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def named(name: str, check: Callable[[str], _Checked], value: str) -> _Checked:
    """Return what a check makes of a value; raise ValueError with the argument's name."""
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}.") from None

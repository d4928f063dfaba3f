"""How often garbage is looked for, and in what not at all."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 50_000
"""Between two looks. Python's 700 are those of one lookup: most of what they found was in use."""


@contextmanager
def spared() -> Iterator[None]:
    """Look for no garbage while a block loads what stays, nor ever again in what it has loaded.

    Else every object there is would be looked at again and again: a fifth of the time to start,
    and later a pause of whoever asks at that moment.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS)
        gc.enable()

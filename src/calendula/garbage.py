"""What is loaded once and never let go."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
        gc.enable()

"""What must happen when the service is told to stop, and not only once it has."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def first(act: Callable[[], None]) -> Iterator[None]:
    """Let a signal to stop do this before what it does anyway, for the length of a block.

    The server waits for the answers that it is giving, and only then ends the app's lifespan: an
    answer without an end has to hear of the signal itself. Off the main thread, where the server
    hears no signals either, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def stop(number: int, frame: FrameType | None) -> None:
        act()
        if callable(then := before[signal.Signals(number)]):
            then(number, frame)

    ours = [number for number, handler in before.items() if callable(handler)]
    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])

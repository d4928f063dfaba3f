"""Workers and machines that count together, in Redis. No request waits for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from calendula.meter import Add, Meter
from calendula.settings import BadSettings

_EVERY = 0.2  # seconds
_PATIENCE = 2.0  # seconds
_log = structlog.get_logger("calendula.limits")


def store(url: str) -> Add:
    """Return what adds to the numbers in a Redis; raise BadSettings where its client is missing.

    It raises OSError where the Redis does not do it.
    """
    try:
        from limits.errors import StorageError
        from limits.storage import RedisStorage

        redis = RedisStorage(
            url,
            key_prefix="calendula",
            wrap_exceptions=True,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
        )
    except Exception as error:
        raise BadSettings(
            "CALENDULA_RATE_STORE: needs a URL that Redis's client takes, and the client: "
            "pip install 'calendula[redis]'"
        ) from error

    def add(name: str, seconds: int, amount: int) -> int:
        try:
            return redis.incr(name, seconds, amount)
        except StorageError as error:
            raise OSError("Redis does not answer.") from error

    return add


@contextmanager
def shared(url: str | None, meters: Sequence[Meter]) -> Iterator[None]:
    """Let meters count together with those of others, for the length of a block.

    They tell each other several times a second what they have counted: until then each may let pass
    what is left. While Redis does not answer, each counts by itself.
    """
    if url is None:
        yield
        return
    ended = Event()
    thread = Thread(target=_run, args=(store(url), meters, ended), name="calendula-limits")
    thread.daemon = True
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _run(add: Add, meters: Sequence[Meter], ended: Event) -> None:
    fails = False
    while not ended.wait(_EVERY):
        try:
            for meter in meters:
                meter.share(add)
        except OSError as error:
            if not fails:
                _log.warning("limits apart", error=type(error.__cause__).__qualname__)
            fails = True
        else:
            fails = False

"""Whatever is asked for in whatever order, the service answers what a model in Python says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from life.base import Opened
from life.booking import Booking
from life.changing import Changing
from life.desk import Hands
from life.editing import Editing
from support import databases


class Everything(Booking, Changing, Editing):
    """All that can happen."""


def _run(opened: Callable[[], Opened], hands: Hands, bounds: settings) -> None:
    """Run the machine, each time on a database of its own."""

    class Here(Everything):
        def __init__(self) -> None:
            super().__init__(opened, hands, swarm=not bounds.derandomize)

    run_state_machine_as_test(Here, settings=bounds)


def test_life_on_sqlite(sqlite_template: Path, hands: Hands, bounds: settings) -> None:
    """On SQLite, nothing that happens at a clinic is answered or stored another way."""

    @contextmanager
    def opened() -> Iterator[str]:
        with TemporaryDirectory() as folder:
            yield databases.sqlite_copy(sqlite_template, Path(folder))

    _run(opened, hands, bounds)


def test_life_on_postgresql(
    postgresql_server: str, postgresql_template: str, hands: Hands, bounds: settings
) -> None:
    """On PostgreSQL, nothing that happens at a clinic is answered or stored another way."""

    def opened() -> Opened:
        return databases.postgresql_clone(postgresql_server, postgresql_template)

    _run(opened, hands, settings(bounds, max_examples=max(8, bounds.max_examples // 5)))

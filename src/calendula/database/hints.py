"""Hints that something has changed: carried from whoever changed it to every worker.

A hint names a topic and never says what has changed: who hears one looks for themselves. So hints
may come twice, too often and in any order, but not stay away.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from sqlalchemy.orm import Session

EVERYTHING = "*"
"""The topic of whoever cannot say which."""

Hear = Callable[[AbstractSet[str]], None]
"""What is done with topics that are heard, on whatever thread. It must not take long, nor raise."""

_HINTS = "hints"  # in the session's info


def hint(session: Session, topics: Iterable[str]) -> None:
    """Let topics be told behind the session's transaction, if `Database.write` commits it."""
    session.info.setdefault(_HINTS, set()).update(topics)


def hinted(session: Session) -> AbstractSet[str]:
    """Return the topics that are to be told."""
    topics: AbstractSet[str] = session.info.get(_HINTS, frozenset())
    return topics


class Hints:
    """The hints of a database of one process: what is told is heard at once."""

    def __init__(self) -> None:
        self._hear: Hear | None = None

    def listen(self, hear: Hear) -> None:
        """Let hints be heard from now on, until `close`."""
        self._hear = hear

    def tell(self, topics: AbstractSet[str]) -> None:
        """Tell of topics, without waiting for anybody."""
        if self._hear is not None:
            self._hear(topics)

    def close(self) -> None:
        """Hear nothing any more. What was told is told to the end."""
        self._hear = None

"""Bookings of several workers that want the same times at one moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from calendula import names
from calendula.appointments.offers import ByLabel
from calendula.appointments.together import Wish, book_all
from calendula.database import Database
from calendula.timetables.memory import Memory
from support.clinic import DAY, MEI
from support.load import LABELS
from support.waiting import wait_until

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def _book(session: Session, who: str, *labels: str) -> int:
    """Return how many of these slots somebody got."""
    wishes = [
        Wish(names.key(MEI), DAY, ByLabel(DAY, it), (who + it, who), "public", None, lambda *_: {})
        for it in labels
    ]
    return len(book_all(session, Memory(10), wishes, past=True, token_days=1).booked)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_two_who_want_the_same_do_not_deadlock(database: Database) -> None:
    """In whatever order they want it: one waits for the other, and goes without."""

    def book(who: str, *labels: str) -> int:
        with database.write() as session:
            return _book(session, who, *labels)

    def are_waiting(count: int) -> bool:
        with database.read() as session:
            return bool(session.scalar(_WAITING) == count)

    early, middle, late = LABELS[:3]
    with ThreadPoolExecutor(2) as pool:
        with database.write(dry_run=True) as session:
            _book(session, "M", middle)
            one = pool.submit(book, "A", early, middle, late)
            wait_until(lambda: are_waiting(1))
            other = pool.submit(book, "B", late, early)
            wait_until(lambda: are_waiting(2))
        assert (one.result(), other.result()) == (3, 0)

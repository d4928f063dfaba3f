"""What a worker has read of the log, while others still write into it."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from calendula.availability.search import changes
from calendula.availability.search.changes import Edited, News
from calendula.database import Database
from calendula.events import service as events

LATE, SOON = UUID(int=1), UUID(int=2)


def _edit(session: Session, doctor: UUID) -> None:
    """Write an event as the end of a transaction does, but stay before the commit itself."""
    events.record(session, "doctor.edited", actor="command", doctor_id=doctor)
    events.write(session)


def _behind(session: Session, seen: int) -> News:
    news = changes.behind(session, seen, 10)
    assert news
    return news


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_a_late_commit_is_not_missed(database: Database) -> None:
    """Who has read, or begun, behind a number that was not committed yet reads it once it is."""
    with database.read() as session:
        first = changes.beginning(session)
    with Session(database.writer) as late:
        _edit(late, LATE)
        with database.write() as session:
            _edit(session, SOON)
        with database.read() as session:
            news, begun = _behind(session, first), changes.beginning(session)
        late.commit()
    assert news.changes == [Edited(SOON)]
    with database.read() as session:
        for seen in news.seen, begun:
            assert Edited(LATE) in _behind(session, seen).changes

from datetime import date
from typing import Any, cast

import pytest
from sqlalchemy import Date, Integer, LargeBinary, String, Table, select

from calendula import clock
from calendula.database import Database, Id, Instant, Json
from calendula.database.ids import new_id
from calendula.database.rows import Rows, insert_all, update_all
from calendula.events.models import EventChain

_ROWS = Rows(
    number=Integer(), id=Id, at=Instant(), date=Date(), text=String(), absent=String(), json=Json
)
_CHAINS = cast("Table", EventChain.__table__)


def test_rows_arrive_as_they_were_sent(database: Database) -> None:
    """Numbers, ids, instants, dates, texts of any script and NULL come back, in any number."""
    sent = [
        {
            "number": number,
            "id": new_id(),
            "at": clock.now(),
            "date": date(2025, 2, 7),
            "text": 'Ásha "Verma" \'\\ \u0906\u0936\u093e',
            "absent": None,
            "json": {"a": [1, None, "é"]},
        }
        for number in range(600)
    ]
    names = [name for name in sent[0] if name != "json"]
    with database.read() as session:
        given = _ROWS.table(session)
        query = select(*(given.c[name] for name in names)).order_by(given.c.number)
        rows = session.execute(query, _ROWS.parameter(session, sent)).all()
    assert [row._asdict() for row in rows] == [{name: it[name] for name in names} for it in sent]


def test_a_naive_instant_is_refused(database: Database) -> None:
    """In neither database: nobody can know which instant it means."""
    row = {"number": 1, "id": new_id(), "at": clock.now().replace(tzinfo=None), "date": None}
    with database.read() as session, pytest.raises(ValueError, match="naive"):
        _ROWS.parameter(session, [{**row, "text": "", "absent": None, "json": None}])


def test_no_rows_are_no_rows(database: Database) -> None:
    """A statement about nothing finds, and changes, nothing."""
    with database.write() as session:
        given = _ROWS.table(session)
        assert not session.execute(select(given.c.id), _ROWS.parameter(session, [])).all()
        insert_all(session, _CHAINS, [])
        update_all(session, _CHAINS, [])


def test_rows_are_inserted_and_changed(database: Database) -> None:
    """Each row has its own values, bytes among them."""
    assert isinstance(_CHAINS.c.hash.type, LargeBinary)
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "length": n, "hash": bytes([n, 0, 255])} for n in range(3)
    ]
    with database.write() as session:
        insert_all(session, _CHAINS, rows)
    rows = [{**row, "length": row["length"] + 10, "hash": b"\x5c\x27"} for row in rows]
    with database.write() as session:
        update_all(session, _CHAINS, rows[1:])
    with database.read() as session:
        wanted = _CHAINS.c.id.in_([row["id"] for row in rows])
        found = session.execute(select(_CHAINS).where(wanted).order_by(_CHAINS.c.length)).all()
    assert [tuple(row) for row in found] == [
        (rows[0]["id"], 0, b"\x00\x00\xff"),
        (rows[1]["id"], 11, b"\x5c\x27"),
        (rows[2]["id"], 12, b"\x5c\x27"),
    ]

"""The log of events: chained, so that a change shows, and read in an order that misses nothing."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOBODY = UUID(int=0)  # the chain of what is about no doctor
BATCH = 500
LOCK = 0x65766E74  # "evnt", beside which a writer shows from which number on its own may be

OLD = ("number", "at", "action", "actor", "doctor_id", "appointment_id", "data")


def upgrade() -> None:
    _keep()
    _create_event(chained=True)
    op.create_table(
        "event_chain",
        sa.Column("id", ID, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="event_chain_pkey"),
    )
    _insert_chained()
    for column in "doctor_id", "appointment_id", "patient_id":
        op.create_index(f"event_{column}_number_index", "event", [column, "number"])
    _finish(chained=True)


def _keep() -> None:
    """Put the rows aside. The triggers go with the table."""
    op.execute(
        "CREATE TEMPORARY TABLE kept AS SELECT event.*, appointment.patient_id AS patient_id"
        " FROM event LEFT JOIN appointment ON appointment.id = event.appointment_id"
    )
    op.drop_table("event")


def _create_event(*, chained: bool) -> None:
    new = (
        sa.Column("patient_id", ID),
        sa.Column("chain", ID, nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("chain", "link", name="event_chain_link_key"),
        sa.CheckConstraint("length(hash) = 32", name=op.f("event_hash_check")),
    )
    op.create_table(
        "event",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("doctor_id", ID),
        sa.Column("appointment_id", ID),
        sa.Column("data", sa.JSON(), nullable=False),
        *(new if chained else ()),
        sa.PrimaryKeyConstraint("number", name="event_pkey"),
    )


def _insert_chained() -> None:
    """Chain the rows that were kept, in the order of their numbers."""
    heads: dict[UUID, tuple[int, bytes]] = {}
    table = sa.table(
        "event", *_columns(), *map(sa.column, ("link", "hash")), sa.column("chain", ID)
    )
    for rows in _kept():
        op.bulk_insert(table, [_chained(row, heads) for row in rows])
    head = sa.table("event_chain", sa.column("id", ID), sa.column("length"), sa.column("hash"))
    op.bulk_insert(
        head,
        [{"id": it, "length": length, "hash": last} for it, (length, last) in heads.items()],
    )


def _columns() -> list[sa.ColumnClause[Any]]:
    return [
        sa.column("number", NUMBER),
        sa.column("at", INSTANT),
        sa.column("action", sa.String()),
        sa.column("actor", sa.String()),
        *(sa.column(name, ID) for name in ("doctor_id", "appointment_id", "patient_id")),
        sa.column("data", sa.JSON()),
    ]


def _kept() -> Iterator[list[dict[str, Any]]]:
    kept = sa.table("kept", *_columns())
    last = -1
    while True:
        query = sa.select(kept).where(kept.c.number > last).order_by(kept.c.number).limit(BATCH)
        rows = [dict(row) for row in op.get_bind().execute(query).mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]["number"]


def _chained(row: dict[str, Any], heads: dict[UUID, tuple[int, bytes]]) -> dict[str, Any]:
    chain = row["doctor_id"] or NOBODY
    length, previous = heads.get(chain, (0, bytes(32)))
    at = row["at"].isoformat(timespec="microseconds").removesuffix("+00:00") + "+00:00"
    ids = [row[name] and str(row[name]) for name in ("doctor_id", "appointment_id", "patient_id")]
    said = [row["number"], str(chain), length + 1, at, row["action"], row["actor"], *ids]
    text = json.dumps([*said, row["data"]], sort_keys=True, separators=(",", ":"))
    heads[chain] = length + 1, sha256(previous + text.encode()).digest()
    return {**row, "chain": chain, "link": length + 1, "hash": heads[chain][1]}


def _finish(*, chained: bool) -> None:
    op.execute("DROP TABLE kept")
    if op.get_context().dialect.name == "sqlite":
        _protect_in_sqlite(chained=chained)
        return
    op.execute(
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event"
        " EXECUTE FUNCTION event_append_only()"
    )
    op.execute("SELECT setval('event_number_seq', max(number)) FROM event HAVING max(number) > 0")
    if chained:
        _number_in_order()


def _protect_in_sqlite(*, chained: bool) -> None:
    """Refuse every change; an INSERT OR REPLACE too, which would delete without a DELETE."""
    taken = "number = NEW.number"
    if chained:
        taken += " OR (chain = NEW.chain AND link = NEW.link)"
    for event, condition in (
        ("UPDATE", ""),
        ("DELETE", ""),
        ("INSERT", f" WHEN EXISTS (SELECT 1 FROM event WHERE {taken})"),
    ):
        op.execute(
            f"CREATE TRIGGER event_append_only_{event.lower()} BEFORE {event} ON event{condition}"
            " BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"
        )


def _number_in_order() -> None:
    """Hand out numbers so that a reader knows up to which all are settled.

    Before its first number a transaction takes a shared advisory lock, which nobody ever waits for.
    Its key says: what numbers I take are greater than this one, cut to 31 bits. So no transaction
    that is open has a number up to the least key, or up to the last number where there is no lock.
    """
    op.execute(
        "CREATE FUNCTION event_number() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN"
        " IF coalesce(current_setting('event.numbering', true), '') = '' THEN"
        f" PERFORM pg_advisory_xact_lock_shared({LOCK},"
        " (coalesce(pg_sequence_last_value('event_number_seq'), 0) & 2147483647)::integer);"
        " PERFORM set_config('event.numbering', 'on', true);"
        " END IF; RETURN nextval('event_number_seq'); END $$"
    )
    # The last number is read before the locks: who takes a lock in between takes later numbers.
    op.execute(
        "CREATE FUNCTION event_settled() RETURNS bigint LANGUAGE plpgsql AS $$"
        " DECLARE last bigint := coalesce(pg_sequence_last_value('event_number_seq'), 0);"
        " open bigint; BEGIN"
        " SELECT max(((last - objid::bigint + 1073741824) & 2147483647) - 1073741824) INTO open"
        " FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
        f" AND classid = {LOCK} AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database());"
        " RETURN last - greatest(coalesce(open, 0), 0); END $$"
    )
    op.execute("ALTER TABLE event ALTER number SET DEFAULT event_number()")


def downgrade() -> None:
    """Go back to a log without chains, which keeps its rows."""
    columns = ", ".join(OLD)
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT {columns} FROM event")
    op.drop_table("event")
    op.drop_table("event_chain")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION event_settled(); DROP FUNCTION event_number()")
    _create_event(chained=False)
    op.execute(f"INSERT INTO event ({columns}) SELECT {columns} FROM kept")
    _finish(chained=False)

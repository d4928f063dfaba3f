"""Who may change an appointment, how patients are found, and whom they may call."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)

AT_ONCE = 500  # stored answers in one statement

ACCENTS = 200  # from here on, Unicode's combining classes are marks above, below and beside
STROKES = str.maketrans("øđłħŧı", "odlhti")
IGNORED = dict.fromkeys(
    [
        *(0x034F, 0x17B4, 0x17B5, 0x200C, 0x200D),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    ]
)


def upgrade() -> None:
    _fill_search_keys()
    _create_appointment_token()
    op.add_column("idempotency_key", sa.Column("nonce", sa.LargeBinary()))
    op.add_column("idempotency_key", sa.Column("appointment_id", ID))
    op.create_index("idempotency_key_appointment_id_index", "idempotency_key", ["appointment_id"])
    _fill_appointment_ids()
    for name, length in (("name", 200), ("phone", 40), ("email", 254)):
        op.add_column("clinic", sa.Column(name, sa.String(length)))


def _fill_search_keys() -> None:
    """Give the patients what they are searched by."""
    patient = sa.table("patient", *map(sa.column, ("id", "name", "search_key")))
    connection = op.get_bind()
    changes = [
        {"key": row.id, "words": _plain(row.name)}
        for row in connection.execute(sa.select(patient.c.id, patient.c.name)).all()
    ]
    if changes:
        update = patient.update().where(patient.c.id == sa.bindparam("key"))
        connection.execute(update.values(search_key=sa.bindparam("words")), changes)


def _plain(text: str) -> str:
    """Return a text without case and accents, as it is searched for."""
    folded = unicodedata.normalize("NFKC", text).translate(IGNORED).casefold()
    letters = unicodedata.normalize("NFKD", folded).translate(STROKES)
    kept = (char for char in letters if unicodedata.combining(char) < ACCENTS)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def _fill_appointment_ids() -> None:
    """Tell of the stored answers which appointments they are about, where they say so.

    The older operation's answers have an `appointment_id`; the others are the thing itself.
    """
    key = sa.table("idempotency_key", sa.column("digest"), sa.column("appointment_id", ID))
    update = key.update().where(key.c.digest == sa.bindparam("key"))
    update = update.values(appointment_id=sa.bindparam("about"))
    for rows in _stored_answers():
        about = [
            (row.digest, row.answer.get("appointment_id", row.answer.get("id"))) for row in rows
        ]
        if changes := [{"key": digest, "about": UUID(it)} for digest, it in about if it]:
            op.get_bind().execute(update, changes)


def _stored_answers() -> Iterator[Sequence[Any]]:
    key = sa.table("idempotency_key", sa.column("digest"), sa.column("answer", sa.JSON()))
    query = (
        sa.select(key).where(key.c.answer.is_not(sa.null())).order_by(key.c.digest).limit(AT_ONCE)
    )
    rows = op.get_bind().execute(query).all()
    while rows:
        yield rows
        rows = op.get_bind().execute(query.where(key.c.digest > rows[-1].digest)).all()


def _create_appointment_token() -> None:
    op.create_table(
        "appointment_token",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("appointment_id", ID, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="appointment_token_pkey"),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name="appointment_token_appointment_id_fkey"
        ),
        sa.CheckConstraint("length(digest) = 32", name=op.f("appointment_token_digest_check")),
    )
    op.create_index(
        "appointment_token_appointment_id_index", "appointment_token", ["appointment_id"]
    )


def downgrade() -> None:
    """Go back. The patients' own tokens open nothing any more."""
    for name in "email", "phone", "name":
        op.drop_column("clinic", name)
    op.drop_index("idempotency_key_appointment_id_index", "idempotency_key")
    for name in "appointment_id", "nonce":
        op.drop_column("idempotency_key", name)
    op.drop_table("appointment_token")

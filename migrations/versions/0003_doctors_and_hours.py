"""What a clinic decides of its doctors: fields to find them by, policies, rotating hours."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HOURS = "doctor_id, weekday, start_minute, end_minute, slot_minutes"
ACCENTS = 200  # from here on, Unicode's combining classes are marks above, below and beside
LOOKS_LIKE = str.maketrans("01|", "oll")
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
    _widen_doctor()
    _create_clinic()
    _replace_weekly_hours(rotating=True)


def _widen_doctor() -> None:
    for column in (
        sa.Column("skeleton", sa.String()),
        sa.Column("search_key", sa.String(), nullable=False, server_default=""),
        sa.Column("specialty_key", sa.String()),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("holidays", sa.String(16)),
        sa.Column("policy", sa.JSON(), nullable=False, server_default=sa.text("'{}'")),
    ):
        op.add_column("doctor", column)
    _fill_keys()
    op.create_index("doctor_skeleton_key", "doctor", ["skeleton"], unique=True)
    op.create_index("doctor_specialty_index", "doctor", ["specialty_key"])


def _fill_keys() -> None:
    """Give the doctors what they are searched by, and, where it is ASCII, what a name looks like.

    Of two that look alike the first keeps the look.
    """
    names = ("id", "name", "specialty", "search_key", "specialty_key", "skeleton", "created_at")
    doctor = sa.table("doctor", *map(sa.column, names))
    connection = op.get_bind()
    looks: set[str | None] = {None}
    for row in connection.execute(sa.select(doctor).order_by(doctor.c.created_at)).all():
        look = _plain(row.name).translate(LOOKS_LIKE) if row.name.isascii() else None
        connection.execute(
            doctor.update()
            .where(doctor.c.id == row.id)
            .values(
                search_key=_plain(row.name),
                specialty_key=row.specialty and _plain(row.specialty),
                skeleton=None if look in looks else look,
            )
        )
        looks.add(look)


def _plain(text: str) -> str:
    """Return a text without case and accents, as it is searched for."""
    folded = unicodedata.normalize("NFKC", text).translate(IGNORED).casefold()
    letters = unicodedata.normalize("NFKD", folded).translate(STROKES)
    kept = (char for char in letters if unicodedata.combining(char) < ACCENTS)
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def _create_clinic() -> None:
    clinic = op.create_table(
        "clinic",
        sa.Column("id", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("holidays", sa.String(16)),
        sa.Column("policy", sa.JSON(), nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("id", name="clinic_pkey"),
        sa.CheckConstraint("id = 1", name=op.f("clinic_one_check")),
    )
    op.bulk_insert(clinic, [{"id": 1}])


def _replace_weekly_hours(*, rotating: bool) -> None:
    """Make the table anew with its rows: SQLite cannot change a CHECK."""
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT {HOURS} FROM weekly_hours")
    op.drop_table("weekly_hours")
    (_create_rotating_hours if rotating else _create_steady_hours)()
    op.execute(f"INSERT INTO weekly_hours ({HOURS}) SELECT {HOURS} FROM kept")
    op.execute("DROP TABLE kept")


def _hours_columns() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("doctor_id", ID),
        *(
            sa.Column(name, sa.SmallInteger(), nullable=False)
            for name in ("weekday", "start_minute", "end_minute", "slot_minutes")
        ),
    ]


def _hours_constraints(window: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id", name="weekly_hours_pkey"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctor.id"], name="weekly_hours_doctor_id_fkey"),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("weekly_hours_weekday_check")),
        sa.CheckConstraint(window, name=op.f("weekly_hours_window_check")),
        sa.CheckConstraint(
            "slot_minutes BETWEEN 5 AND 480", name=op.f("weekly_hours_slot_minutes_check")
        ),
    ]


def _create_rotating_hours() -> None:
    op.create_table(
        "weekly_hours",
        *_hours_columns(),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("every_weeks", sa.SmallInteger(), nullable=False, server_default="1"),
        *_hours_constraints(
            "0 <= start_minute AND start_minute < 1440 AND start_minute < end_minute"
            " AND end_minute <= start_minute + 1440"
        ),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("weekly_hours_validity_check")),
        sa.CheckConstraint(
            "every_weeks BETWEEN 1 AND 52 AND (every_weeks = 1 OR valid_from IS NOT NULL)",
            name=op.f("weekly_hours_every_weeks_check"),
        ),
    )
    op.create_index("weekly_hours_doctor_id_index", "weekly_hours", ["doctor_id"])


def _create_steady_hours() -> None:
    op.create_table(
        "weekly_hours",
        *_hours_columns(),
        *_hours_constraints(
            "0 <= start_minute AND start_minute < end_minute AND end_minute <= 1440"
        ),
        sa.UniqueConstraint(
            "doctor_id",
            "weekday",
            "start_minute",
            name="weekly_hours_doctor_id_weekday_start_minute_key",
        ),
    )
    op.create_index(
        "weekly_hours_default_key",
        "weekly_hours",
        ["weekday", "start_minute"],
        unique=True,
        postgresql_where=sa.text("doctor_id IS NULL"),
        sqlite_where=sa.text("doctor_id IS NULL"),
    )


def downgrade() -> None:
    """Go back. Hours past midnight, rotating ones, and all that is dropped here are lost."""
    op.drop_table("clinic")
    op.execute(
        "DELETE FROM weekly_hours WHERE end_minute > 1440 OR every_weeks > 1"
        " OR valid_from IS NOT NULL OR valid_until IS NOT NULL"
    )
    _replace_weekly_hours(rotating=False)
    op.drop_index("doctor_specialty_index", "doctor")
    op.drop_index("doctor_skeleton_key", "doctor")
    for column in ("policy", "holidays", "active", "specialty_key", "search_key", "skeleton"):
        op.drop_column("doctor", column)

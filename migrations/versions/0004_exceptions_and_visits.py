"""What stands above the week: overrides and time off. Visit types, and orphaned appointments."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_exceptions()
    _create_visit_type()
    op.add_column(
        "appointment",
        sa.Column("orphaned", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("appointment_time_index", "appointment", ["starts_at", "id"])
    op.create_index(
        "appointment_orphaned_index",
        "appointment",
        ["starts_at"],
        postgresql_where=sa.text("orphaned"),
        sqlite_where=sa.text("orphaned"),
    )


def _create_exceptions() -> None:
    op.create_table(
        "date_override",
        sa.Column("doctor_id", ID, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("doctor_id", "date", name="date_override_pkey"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctor.id"], name="date_override_doctor_id_fkey"),
    )
    op.create_table(
        "time_off",
        sa.Column("id", ID, nullable=False),
        sa.Column("doctor_id", ID),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("reason", sa.String(200)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="time_off_pkey"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctor.id"], name="time_off_doctor_id_fkey"),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("time_off_interval_check")),
    )
    op.create_index("time_off_doctor_id_index", "time_off", ["doctor_id"])


def _create_visit_type() -> None:
    op.create_table(
        "visit_type",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("duration_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("buffer_before_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("buffer_after_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("windows", sa.JSON()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="visit_type_pkey"),
        sa.UniqueConstraint("name_key", name="visit_type_name_key_key"),
        sa.CheckConstraint(
            "duration_minutes BETWEEN 5 AND 480", name=op.f("visit_type_duration_check")
        ),
        sa.CheckConstraint(
            "buffer_before_minutes BETWEEN 0 AND 240 AND buffer_after_minutes BETWEEN 0 AND 240",
            name=op.f("visit_type_buffers_check"),
        ),
    )
    op.create_table(
        "visit_type_doctor",
        sa.Column("visit_type_id", ID, nullable=False),
        sa.Column("doctor_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("visit_type_id", "doctor_id", name="visit_type_doctor_pkey"),
        sa.ForeignKeyConstraint(
            ["visit_type_id"],
            ["visit_type.id"],
            name="visit_type_doctor_visit_type_id_fkey",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["doctor_id"], ["doctor.id"], name="visit_type_doctor_doctor_id_fkey"
        ),
    )


def downgrade() -> None:
    """Go back. All that is dropped here is lost."""
    op.drop_index("appointment_orphaned_index", "appointment")
    op.drop_index("appointment_time_index", "appointment")
    op.drop_column("appointment", "orphaned")
    for table in ("visit_type_doctor", "visit_type", "time_off", "date_override"):
        op.drop_table(table)

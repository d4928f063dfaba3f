"""Who is signed in at the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "desk_session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="desk_session_pkey"),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="desk_session_key_id_fkey"),
        sa.CheckConstraint("length(digest) = 32", name=op.f("desk_session_digest_check")),
    )


def downgrade() -> None:
    """Sign everybody out."""
    op.drop_table("desk_session")

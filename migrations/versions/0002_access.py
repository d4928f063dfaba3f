"""Keys: who calls, and what they may."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)

ROLES = "'admin', 'reception', 'doctor', 'auditor', 'integration'"


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("doctor_id", ID),
        sa.Column("handle", sa.String(8), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("last_used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="api_key_pkey"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctor.id"], name="api_key_doctor_id_fkey"),
        sa.UniqueConstraint("handle", name="api_key_handle_key"),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("api_key_role_check")),
        sa.CheckConstraint(
            "(role = 'doctor') = (doctor_id IS NOT NULL)", name=op.f("api_key_doctor_check")
        ),
        sa.CheckConstraint("length(digest) = 32", name=op.f("api_key_digest_check")),
    )


def downgrade() -> None:
    """Forget every key: nobody can get in with one until new ones are made."""
    op.drop_table("api_key")

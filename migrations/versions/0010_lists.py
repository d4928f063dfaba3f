"""Indexes in the order of the lists that are read by them.

SQLite counts nothing beforehand: of two indexes that begin with what is asked for, it takes the one
that gives the rows in order. A doctor's list of one patient's appointments, or of those without a
time, read all that the doctor ever had.
"""

from alembic import op
from sqlalchemy import text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

IN_ORDER = ["starts_at", "id"]


def upgrade() -> None:
    op.drop_index("appointment_patient_id_index", "appointment")
    op.create_index("appointment_patient_index", "appointment", ["patient_id", *IN_ORDER])
    op.drop_index("appointment_orphaned_index", "appointment")
    _index_orphans("appointment_orphaned_index", IN_ORDER)
    _index_orphans("appointment_doctor_orphaned_index", ["doctor_id", *IN_ORDER])


def downgrade() -> None:
    """Have the indexes as they were."""
    op.drop_index("appointment_doctor_orphaned_index", "appointment")
    op.drop_index("appointment_orphaned_index", "appointment")
    _index_orphans("appointment_orphaned_index", ["starts_at"])
    op.drop_index("appointment_patient_index", "appointment")
    op.create_index("appointment_patient_id_index", "appointment", ["patient_id"])


def _index_orphans(name: str, columns: list[str]) -> None:
    condition = text("orphaned")
    op.create_index(
        name, "appointment", columns, postgresql_where=condition, sqlite_where=condition
    )

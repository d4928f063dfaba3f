"""Holds, visits with buffers, changes of an appointment; patients who can be erased."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)

STATUSES = (
    "'pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'cancelled', 'noshow',"
    " 'entered-in-error'"
)
HOLDS = "status IN ('pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')"
PENDING = "status = 'pending'"
APPOINTMENT = (
    "id, doctor_id, patient_id, date, slot, starts_at, ends_at, status, orphaned, created_at"
)
PATIENT = "id, identifier, name, created_at"


def upgrade() -> None:
    _replace_tables(_create_patient, _create_appointment, "starts_at, ends_at, created_at")
    _promise("occupied_from", "occupied_until")


def _replace_tables(
    create_patient: Callable[[], None], create_appointment: Callable[[], None], filled: str = ""
) -> None:
    """Make two tables, of which one refers to the other, anew: SQLite cannot change a constraint.

    `filled` is what the new columns of an appointment start with.
    """
    more = ", occupied_from, occupied_until, updated_at" if filled else ""
    op.execute(f"CREATE TEMPORARY TABLE kept_appointment AS SELECT {APPOINTMENT} FROM appointment")
    op.execute(f"CREATE TEMPORARY TABLE kept_patient AS SELECT {PATIENT} FROM patient")
    op.drop_table("appointment")
    op.drop_table("patient")
    create_patient()
    create_appointment()
    op.execute(f"INSERT INTO patient ({PATIENT}) SELECT {PATIENT} FROM kept_patient")
    op.execute(
        f"INSERT INTO appointment ({APPOINTMENT}{more})"
        f" SELECT {APPOINTMENT}{filled and ', '}{filled} FROM kept_appointment"
    )
    for table in "kept_appointment", "kept_patient":
        op.execute(f"DROP TABLE {table}")


def _create_patient() -> None:
    op.create_table(
        "patient",
        sa.Column("id", ID, nullable=False),
        sa.Column("identifier", sa.String(200)),
        sa.Column("name", sa.String(200)),
        sa.Column("search_key", sa.String(), nullable=False, server_default=""),
        *(sa.Column(name, sa.String(most)) for name, most in (("email", 254), ("phone", 40))),
        sa.Column("merged_into", ID),
        sa.Column("erased_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="patient_pkey"),
        sa.ForeignKeyConstraint(["merged_into"], ["patient.id"], name="patient_merged_into_fkey"),
        sa.UniqueConstraint("identifier", "name", name="patient_identifier_name_key"),
        sa.CheckConstraint(
            "(name IS NULL) = (erased_at IS NOT NULL)"
            " AND (erased_at IS NULL OR identifier IS NULL AND email IS NULL AND phone IS NULL)",
            name=op.f("patient_erased_check"),
        ),
    )
    for column in "email", "phone", "merged_into":
        op.create_index(f"patient_{column}_index", "patient", [column])


def _create_appointment() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", ID, nullable=False),
        sa.Column("doctor_id", ID, nullable=False),
        sa.Column("patient_id", ID),
        sa.Column("visit_type_id", ID),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slot", sa.String(32), nullable=False),
        *(
            sa.Column(name, INSTANT, nullable=False)
            for name in ("starts_at", "ends_at", "occupied_from", "occupied_until")
        ),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("orphaned", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("overridden", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("expires_at", INSTANT),
        sa.Column("held_by", sa.String(64)),
        sa.Column("hold_number", sa.SmallInteger()),
        sa.Column("email", sa.String(254)),
        sa.Column("phone", sa.String(40)),
        sa.Column("note", sa.String(1000)),
        sa.Column("reason", sa.String(200)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        *_common_constraints("occupied_from", "occupied_until"),
        sa.ForeignKeyConstraint(
            ["visit_type_id"], ["visit_type.id"], name="appointment_visit_type_id_fkey"
        ),
        sa.CheckConstraint(
            "occupied_from <= starts_at AND ends_at <= occupied_until",
            name=op.f("appointment_occupied_check"),
        ),
        sa.CheckConstraint(
            " AND ".join(
                f"({PENDING}) = ({column} IS NOT NULL)"
                for column in ("expires_at", "held_by", "hold_number")
            ),
            name=op.f("appointment_hold_check"),
        ),
        sa.CheckConstraint(
            "patient_id IS NOT NULL OR status IN ('pending', 'cancelled', 'entered-in-error')",
            name=op.f("appointment_patient_check"),
        ),
    )
    _create_indexes("occupied_from")
    op.create_index("appointment_doctor_index", "appointment", ["doctor_id", "starts_at", "id"])
    _partial_index("appointment_visit_type_index", ["visit_type_id"], "visit_type_id IS NOT NULL")
    _partial_index("appointment_hold_key", ["held_by", "hold_number"], PENDING, unique=True)


def _common_constraints(start: str, end: str) -> list[sa.Constraint]:
    """Return what holds for the appointments of this revision and of the one before.

    None takes more than a day: a look at one day back finds all that reach into a time. SQLite
    compares texts: it also refuses an instant that is not written as all others are.
    """
    constraints: list[sa.Constraint] = [
        sa.PrimaryKeyConstraint("id", name="appointment_pkey"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctor.id"], name="appointment_doctor_id_fkey"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="appointment_patient_id_fkey"),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("appointment_status_check")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("appointment_interval_check")),
    ]
    if op.get_context().dialect.name == "postgresql":
        length = f"{end} <= {start} + interval '24 hours'"
        return [*constraints, sa.CheckConstraint(length, name=op.f("appointment_length_check"))]
    length = f"julianday({end}) - julianday({start}) <= 1.00001"
    expiry = ("expires_at",) if start != "starts_at" else ()
    return [
        *constraints,
        sa.CheckConstraint(length, name=op.f("appointment_length_check")),
        *(
            sa.CheckConstraint(_is_instant(column), name=op.f(f"appointment_{column}_check"))
            for column in dict.fromkeys(("starts_at", "ends_at", start, end, *expiry))
        ),
    ]


def _is_instant(column: str) -> str:
    written = f"????-??-?? ??:??:??.{6 * '[0-9]'}"
    return (
        f"{column} GLOB '{written}' AND"
        f" datetime(substr({column}, 1, 19), '+0 days') IS substr({column}, 1, 19)"
        f"{' OR expires_at IS NULL' if column == 'expires_at' else ''}"
    )


def _create_indexes(start: str) -> None:
    op.create_index("appointment_patient_id_index", "appointment", ["patient_id"])
    op.create_index("appointment_time_index", "appointment", ["starts_at", "id"])
    _partial_index("appointment_slot_key", ["doctor_id", "date", "slot"], HOLDS, unique=True)
    _partial_index("appointment_start_index", ["doctor_id", start], HOLDS)
    _partial_index("appointment_orphaned_index", ["starts_at"], "orphaned")


def _partial_index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        "appointment",
        columns,
        unique=unique,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )


def _promise(start: str, end: str) -> None:
    """Let no two appointments of one doctor overlap.

    In SQLite by trigger: those that hold their time do not overlap, so the one that starts last
    before the new one's end is also the one that ends last: one step in the index decides.
    """
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE appointment ADD CONSTRAINT appointment_no_overlap"
            f" EXCLUDE USING gist (doctor_id WITH =, tstzrange({start}, {end}, '[)') WITH &&)"
            f" WHERE ({HOLDS})"
        )
        return
    for event, itself in ("INSERT", ""), ("UPDATE", " AND id <> OLD.id"):
        op.execute(
            f"CREATE TRIGGER appointment_no_overlap_{event.lower()} BEFORE {event} ON appointment"
            f" WHEN NEW.{HOLDS}"
            f" BEGIN SELECT RAISE(ABORT, 'appointment_no_overlap') WHERE NEW.{start} < ("
            f"SELECT {end} FROM appointment WHERE doctor_id = NEW.doctor_id AND {HOLDS}"
            f" AND {start} < NEW.{end}{itself} ORDER BY {start} DESC LIMIT 1); END"
        )


def downgrade() -> None:
    """Go back. Holds are let go; who was erased has no name but a mark; the rest is lost."""
    op.execute("DELETE FROM appointment WHERE patient_id IS NULL OR status = 'pending'")
    op.execute(
        "UPDATE patient SET identifier = CAST(id AS VARCHAR(36)), name = coalesce(name, 'erased'),"
        " erased_at = NULL WHERE identifier IS NULL"
    )
    _replace_tables(_create_known_patient, _create_plain_appointment)
    _promise("starts_at", "ends_at")


def _create_known_patient() -> None:
    op.create_table(
        "patient",
        sa.Column("id", ID, nullable=False),
        sa.Column("identifier", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="patient_pkey"),
        sa.UniqueConstraint("identifier", "name", name="patient_identifier_name_key"),
    )


def _create_plain_appointment() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", ID, nullable=False),
        sa.Column("doctor_id", ID, nullable=False),
        sa.Column("patient_id", ID, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slot", sa.String(32), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("orphaned", sa.Boolean(), nullable=False, server_default=sa.false()),
        *_common_constraints("starts_at", "ends_at"),
    )
    _create_indexes("starts_at")

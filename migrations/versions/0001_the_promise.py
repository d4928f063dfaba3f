"""The tables, and the promise: never two patients in one slot."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.Uuid()
INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

STATUSES = (
    "'pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'cancelled', 'noshow',"
    " 'entered-in-error'"
)
HOLDS = "status IN ('pending', 'booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')"

# The default week: 9:00 AM - 12:00 PM and 2:00 PM - 3:00 PM in half hours, every day.
DEFAULT_WINDOWS = ((9 * 60, 12 * 60), (14 * 60, 15 * 60))


def upgrade() -> None:
    op.create_table(
        "doctor",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("specialty", sa.String(200)),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("timetable_version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="doctor_pkey"),
        sa.UniqueConstraint("name_key", name="doctor_name_key_key"),
    )
    op.create_table(
        "patient",
        sa.Column("id", ID, nullable=False),
        sa.Column("identifier", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="patient_pkey"),
        sa.UniqueConstraint("identifier", "name", name="patient_identifier_name_key"),
    )
    _create_weekly_hours()
    _create_appointment()
    op.create_table(
        "idempotency_key",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="idempotency_key_pkey"),
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
        sa.PrimaryKeyConstraint("number", name="event_pkey"),
    )
    if op.get_context().dialect.name == "postgresql":
        _promise_in_postgresql()
    else:
        _promise_in_sqlite()


def _create_weekly_hours() -> None:
    table = op.create_table(
        "weekly_hours",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("doctor_id", ID),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("start_minute", sa.SmallInteger(), nullable=False),
        sa.Column("end_minute", sa.SmallInteger(), nullable=False),
        sa.Column("slot_minutes", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="weekly_hours_pkey"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctor.id"], name="weekly_hours_doctor_id_fkey"),
        sa.UniqueConstraint(
            "doctor_id",
            "weekday",
            "start_minute",
            name="weekly_hours_doctor_id_weekday_start_minute_key",
        ),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("weekly_hours_weekday_check")),
        sa.CheckConstraint(
            "0 <= start_minute AND start_minute < end_minute AND end_minute <= 1440",
            name=op.f("weekly_hours_window_check"),
        ),
        sa.CheckConstraint(
            "slot_minutes BETWEEN 5 AND 480", name=op.f("weekly_hours_slot_minutes_check")
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
    op.bulk_insert(
        table,
        [
            {"weekday": day, "start_minute": start, "end_minute": end, "slot_minutes": 30}
            for day in range(1, 8)
            for start, end in DEFAULT_WINDOWS
        ],
    )


def _create_appointment() -> None:
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
        sa.PrimaryKeyConstraint("id", name="appointment_pkey"),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctor.id"], name="appointment_doctor_id_fkey"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="appointment_patient_id_fkey"),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("appointment_status_check")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("appointment_interval_check")),
        *_checks_of_length(),
    )
    op.create_index("appointment_patient_id_index", "appointment", ["patient_id"])
    for name, columns, unique in (
        ("appointment_slot_key", ["doctor_id", "date", "slot"], True),
        ("appointment_start_index", ["doctor_id", "starts_at"], False),
    ):
        op.create_index(
            name,
            "appointment",
            columns,
            unique=unique,
            postgresql_where=sa.text(HOLDS),
            sqlite_where=sa.text(HOLDS),
        )


def _checks_of_length() -> list[sa.CheckConstraint]:
    """No appointment is longer than a day: so a look at one day back finds all that reach into it.

    SQLite also refuses an instant that is not written as all others are, since it compares texts.
    """
    if op.get_context().dialect.name == "postgresql":
        return [
            sa.CheckConstraint(
                "ends_at <= starts_at + interval '24 hours'", name=op.f("appointment_length_check")
            )
        ]
    written = f"????-??-?? ??:??:??.{6 * '[0-9]'}"
    return [
        sa.CheckConstraint(
            "julianday(ends_at) - julianday(starts_at) <= 1.00001",
            name=op.f("appointment_length_check"),
        ),
        *(
            sa.CheckConstraint(
                f"{column} GLOB '{written}' AND"
                f" datetime(substr({column}, 1, 19), '+0 days') IS substr({column}, 1, 19)",
                name=op.f(f"appointment_{column}_check"),
            )
            for column in ("starts_at", "ends_at")
        ),
    ]


def _promise_in_postgresql() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        "ALTER TABLE appointment ADD CONSTRAINT appointment_no_overlap"
        " EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)"
        f" WHERE ({HOLDS})"
    )
    op.execute(
        "CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event"
        " EXECUTE FUNCTION event_append_only()"
    )


def _promise_in_sqlite() -> None:
    """Refuse an overlap by trigger.

    Those that hold their time do not overlap, so the one that starts last before the new one's end
    is also the one that ends last: one step in the index decides.
    """
    for event, itself in ("INSERT", ""), ("UPDATE", " AND id <> OLD.id"):
        op.execute(
            f"CREATE TRIGGER appointment_no_overlap_{event.lower()} BEFORE {event} ON appointment"
            f" WHEN NEW.{HOLDS}"
            " BEGIN SELECT RAISE(ABORT, 'appointment_no_overlap') WHERE NEW.starts_at < ("
            f"SELECT ends_at FROM appointment WHERE doctor_id = NEW.doctor_id AND {HOLDS}"
            f" AND starts_at < NEW.ends_at{itself} ORDER BY starts_at DESC LIMIT 1); END"
        )
    for event, condition in (
        ("UPDATE", ""),
        ("DELETE", ""),
        # INSERT OR REPLACE would delete without a DELETE:
        ("INSERT", " WHEN EXISTS (SELECT 1 FROM event WHERE number = NEW.number)"),
    ):
        op.execute(
            f"CREATE TRIGGER event_append_only_{event.lower()} BEFORE {event} ON event{condition}"
            " BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"
        )


def downgrade() -> None:
    for table in ("event", "idempotency_key", "appointment", "weekly_hours", "patient", "doctor"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        # btree_gist stays: others may use it, and it may have been here before.
        op.execute("DROP FUNCTION event_append_only()")

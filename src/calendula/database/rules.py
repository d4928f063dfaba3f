"""The rules that only the migrations know: which of them a database has."""

import re

from sqlalchemy import text
from sqlalchemy.orm import Session

_CHECKS = {
    *("api_key_digest_check", "api_key_doctor_check", "api_key_role_check"),
    *("appointment_hold_check", "appointment_interval_check", "appointment_length_check"),
    *("appointment_occupied_check", "appointment_patient_check", "appointment_status_check"),
    *("appointment_token_digest_check", "clinic_one_check", "desk_session_digest_check"),
    *("event_hash_check", "patient_erased_check", "time_off_interval_check"),
    *("visit_type_buffers_check", "visit_type_duration_check"),
    *("weekly_hours_every_weeks_check", "weekly_hours_slot_minutes_check"),
    *("weekly_hours_validity_check", "weekly_hours_weekday_check", "weekly_hours_window_check"),
}
_IN_SQLITE = {
    *("appointment_starts_at_check", "appointment_ends_at_check", "appointment_expires_at_check"),
    *("appointment_occupied_from_check", "appointment_occupied_until_check"),
    *("appointment_no_overlap_insert", "appointment_no_overlap_update"),
    *("event_append_only_update", "event_append_only_delete", "event_append_only_insert"),
}
_IN_POSTGRESQL = {
    *("appointment_no_overlap", "event_append_only", "event_number", "event_settled"),
}

_TRIGGERS_OF_SQLITE = text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
_TABLES_OF_SQLITE = text("SELECT sql FROM sqlite_schema WHERE type = 'table'")
_CHECK_OF_SQLITE = re.compile(r"CONSTRAINT (\w+) CHECK")
# What is there and not in force does not count: a constraint that was added for new rows alone, or
# a trigger that is switched off.
_OF_POSTGRESQL = text(
    "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'x') AND convalidated"
    " AND connamespace = current_schema()::regnamespace"
    " UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    " AND tgrelid = 'event'::regclass"
    " UNION SELECT proname FROM pg_proc JOIN pg_language ON pg_language.oid = prolang"
    " WHERE lanname = 'plpgsql' AND prorettype <> 'trigger'::regtype"
    " AND pronamespace = current_schema()::regnamespace"
)


def missing(session: Session) -> list[str]:
    """Return the names of the rules that the database ought to have and has not."""
    return sorted(wanted(session) - present(session))


def wanted(session: Session) -> set[str]:
    """Return the names of what the migrations make beside tables, columns, keys and indexes."""
    return _CHECKS | (_IN_SQLITE if _is_sqlite(session) else _IN_POSTGRESQL)


def present(session: Session) -> set[str]:
    """Return the names of such rules as are in force."""
    if not _is_sqlite(session):
        return set(session.scalars(_OF_POSTGRESQL))
    tables = "\n".join(session.scalars(_TABLES_OF_SQLITE))
    return {*session.scalars(_TRIGGERS_OF_SQLITE), *_CHECK_OF_SQLITE.findall(tables)}


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"

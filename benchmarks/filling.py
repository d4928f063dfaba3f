"""Fills a clinic with appointments by one statement, much faster than anybody could book them.

Every other slot of a day is booked, so that the load finds free ones beside them. All is one
transaction: a clinic is full or empty. Indexes, constraints and triggers are dropped for it and
made again by the words that the database has kept of them.
"""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from calendula import clock
from calendula.appointments.models import Appointment
from calendula.database import Database
from calendula.timetables import service as timetables
from sides import plain
from support import databases, load
from workloads import LABELS, doctor

DOCTORS, BOOKED, FREE = 1_000, (0, 2, 4, 6), (1, 3, 5, 7)
_DAYS = 270  # at least: of so many, the slots are listed
_STARTS = ("09:00", "10:00", "11:00", "14:00")  # of the booked slots
_VISITS = 10  # appointments of each patient
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})"
_TABLES = """
CREATE TEMPORARY TABLE filled_doctor AS
    SELECT row_number() OVER (ORDER BY id) - 1 AS number, id FROM doctor;
CREATE TEMPORARY TABLE filled_slot (number integer, label text, start text)
"""
_PATIENTS = """
{numbers} INSERT INTO patient (id, identifier, name, search_key, created_at)
SELECT {id}, 'S-' || i, 'Patient ' || i, 'patient ' || i, {now} FROM n
"""
_APPOINTMENTS = """
{numbers}, placed AS (
    SELECT i, i % {doctors} AS doctor, i / {doctors} % 4 AS slot, i / {doctors} / 4 AS day FROM n
), timed AS (
    SELECT i, doctor.id AS doctor_id, label, {date} AS date, {start} AS starts_at, {end} AS ends_at
    FROM placed JOIN filled_slot ON filled_slot.number = slot
    JOIN filled_doctor AS doctor ON doctor.number = placed.doctor
)
INSERT INTO appointment (id, doctor_id, patient_id, date, slot, starts_at, ends_at, occupied_from,
    occupied_until, status, created_at, updated_at)
SELECT {id}, doctor_id, {patient}, date, label, starts_at, ends_at, starts_at, ends_at,
    'booked', {now}, {now}
FROM timed
"""
_SQLITE_DATE = "date('{first}', day || ' days')"
_SQLITE_TIME = "strftime('%Y-%m-%d %H:%M:%S.000000', {date}, start, '{minutes} minutes')"
_POSTGRESQL_TIME = (
    "(DATE '{first}' + day::int + start::time + interval '{minutes} minutes') AT TIME ZONE 'UTC'"
)
# UUIDs that grow with the number, as those of the service grow with time (RFC 9562, version 7).
_SQLITE_ID = "printf('%012x70008000000000000000', 1700000000000 + {i})"
_POSTGRESQL_ID = "(lpad(to_hex(1700000000000 + {i}), 12, '0') || '70008000000000000000')::uuid"


def fill(url: str, rows: int) -> date:
    """Fill a clinic, unless it is filled already; return the first of its days."""
    databases.migrate(url)
    with load.database_of(url) as database:
        count = _count(database)
        if not count:
            _add_doctors(database)
    if not count:
        _, days = shape(rows)
        first = clock.now().date() - timedelta(days=days // 2)
        embedded = make_url(url).get_backend_name() == "sqlite"
        (_fill_sqlite if embedded else _fill_postgresql)(url, rows, first)
    with load.database_of(url) as database, database.read() as session:
        return session.scalars(select(func.min(Appointment.date))).one()


def shape(rows: int) -> tuple[int, int]:
    """Return how many doctors have appointments, and on how many days.

    Their days are as full in every clinic, and only these are looked at: a clinic with few
    appointments has less stored, not less to do for an answer.
    """
    doctors = min(DOCTORS, rows // (_DAYS * len(BOOKED)))
    return doctors, rows // (doctors * len(BOOKED))


def next_number(url: str) -> int:
    """Return a number that no booking of an earlier run had."""
    numbered = "identifier NOT LIKE 'S-%'"
    query = text(f"SELECT max(CAST(identifier AS bigint)) FROM patient WHERE {numbered}")  # noqa: S608 - of constants
    with load.database_of(url) as database, database.read() as session:
        return int(session.scalar(query) or 0) + 1


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Appointment)) or 0


def _add_doctors(database: Database) -> None:
    with database.write() as session:
        for number in range(DOCTORS):
            timetables.add_doctor(session, doctor(number), time_zone="UTC", actor="system")


def _slots() -> list[tuple[int, str, str]]:
    pairs = zip(BOOKED, _STARTS, strict=True)
    return [(at, LABELS[slot], start) for at, (slot, start) in enumerate(pairs)]


def _statements(rows: int, identifier: str, **words: str) -> list[str]:
    patients = max(1, rows // _VISITS)
    one = _PATIENTS.format(
        numbers=_NUMBERS.format(count=patients), id=identifier.format(i="i"), **words
    )
    other = _APPOINTMENTS.format(
        numbers=_NUMBERS.format(count=rows),
        doctors=shape(rows)[0],
        id=identifier.format(i="i"),
        patient=identifier.format(i=f"i % {patients}"),
        **words,
    )
    return [one, other]


def _fill_sqlite(url: str, rows: int, first: date) -> None:
    day = _SQLITE_DATE.format(first=first)
    start, end = (_SQLITE_TIME.format(date=day, minutes=minutes) for minutes in (0, 30))
    now = "strftime('%Y-%m-%d %H:%M:%S.000000')"
    words = {"date": day, "start": start, "end": end, "now": now}
    path = str(make_url(url).database)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA cache_size = -1000000; BEGIN IMMEDIATE; {_TABLES}")
        connection.executemany("INSERT INTO filled_slot VALUES (?, ?, ?)", _slots())
        made = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'appointment'"
            " AND type IN ('index', 'trigger') AND sql IS NOT NULL"
        ).fetchall()
        drops = [f"DROP {kind} {name}" for kind, name, _ in made]
        for statement in [*drops, *_statements(rows, _SQLITE_ID, **words)]:
            connection.execute(statement)
        for _, _, statement in made:
            connection.execute(statement)
        if connection.execute("PRAGMA foreign_key_check").fetchall():
            raise RuntimeError("a filled appointment has no doctor or patient")
        connection.execute("COMMIT")


def _fill_postgresql(url: str, rows: int, first: date) -> None:
    start, end = (_POSTGRESQL_TIME.format(first=first, minutes=minutes) for minutes in (0, 30))
    day = f"DATE '{first}' + day::int"
    words = {"date": day, "start": start, "end": end, "now": "now()"}
    with psycopg.connect(plain(url)) as connection:
        run: Any = connection.execute
        run(f"SET LOCAL maintenance_work_mem = '1GB'; {_TABLES}")
        connection.cursor().executemany("INSERT INTO filled_slot VALUES (%s, %s, %s)", _slots())
        constraints = run(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'appointment'::regclass AND contype IN ('x', 'f')"
        ).fetchall()
        for name, _ in constraints:
            run(f"ALTER TABLE appointment DROP CONSTRAINT {name}")
        indexes = run(
            "SELECT indexname, indexdef FROM pg_indexes"
            " WHERE tablename = 'appointment' AND indexname <> 'appointment_pkey'"
        ).fetchall()
        drops = [f"DROP INDEX {name}" for name, _ in indexes]
        for statement in [*drops, *_statements(rows, _POSTGRESQL_ID, **words)]:
            run(statement)
        for _, statement in indexes:
            run(statement)
        for name, definition in constraints:
            run(f"ALTER TABLE appointment ADD CONSTRAINT {name} {definition}")
        connection.commit()
        connection.autocommit = True
        run("VACUUM (ANALYZE)")

"""How long the first free slots take, among 10,000 and 100,000 doctors, on PostgreSQL.

Each clinic has 2,000,000 appointments in 90 days. The smaller one is full for two weeks but for one
slot in two hundred, the larger one for two days. The service is asked over HTTP, one worker, alone
and by 32 clients. Two other designs are asked in the same run, each as little as the comparison
needs, without HTTP, in the smaller clinic:

- one statement, which takes the appointments from what the weekly hours offer, a day at a time;
- a table of how many slots a doctor has free on a date, as it would be kept in the booking's
  transaction: the doctors of the first dates that have any, who would then be looked at.

`first_available.py [thousands of doctors ...]`: what it prints holds for the machine.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

import psutil
import psycopg

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from calendula import clock
from support import databases, load, servers

DAYS = 90
FULL = 14  # days
_FEW = 10_000  # doctors
FULL_OF_MANY = 2  # days
APPOINTMENTS = 2_000_000
SPECIALTIES = 50
CONNECTIONS = 32
ALONE, TOGETHER, OTHERS = 200, 640, 10  # searches
LIMIT = 10

_MINUTES = [*range(540, 720, 30), 840, 870]
_SLOTS = ", ".join(f"({m}, '{label}')" for m, label in zip(_MINUTES, load.LABELS, strict=True))
_FILL = """
SET session_replication_role = replica;
INSERT INTO doctor (id, name, name_key, skeleton, search_key, specialty, specialty_key, time_zone,
    created_at)
SELECT ('01a20000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, name, lower(name),
    lower(name), lower(name), 'Specialty ' || n % {specialties},
    'specialty ' || n % {specialties}, 'UTC', now()
FROM (SELECT n, 'Dr. ' || substr(md5(n::text), 1, 12) AS name
    FROM generate_series(1, {doctors}) n) named;
INSERT INTO weekly_hours (doctor_id, weekday, start_minute, end_minute, slot_minutes)
SELECT doctor.id, weekday, start_minute, end_minute, 30 FROM doctor, generate_series(1, 7) weekday,
    (VALUES (540, 720), (840, 900)) AS hours (start_minute, end_minute);
INSERT INTO appointment (id, doctor_id, patient_id, date, slot, starts_at, ends_at, occupied_from,
    occupied_until, status, created_at, updated_at)
SELECT gen_random_uuid(), doctor_id, doctor_id, day, label, start, start + '30 min', start,
    start + '30 min', 'booked', now(), now()
FROM (SELECT doctor.id AS doctor_id, day, label,
        (day + minute * interval '1 min') AT TIME ZONE 'UTC' AS start
    FROM doctor, (SELECT '{first}'::date + n AS day, n FROM generate_series(0, {days} - 1) n) days,
        (VALUES {slots}) AS slots (minute, label)
    WHERE abs(hashtext(doctor.id::text || n || ' ' || minute)) % 1000
        < CASE WHEN n < {full} THEN 995 ELSE {later} END) taken;
"""
_COUNT = """
CREATE TABLE free_day (doctor_id uuid, date date, free int, PRIMARY KEY (doctor_id, date));
INSERT INTO free_day SELECT doctor.id, day, {slot_count} - coalesce(taken, 0)
FROM doctor CROSS JOIN
    (SELECT '{first}'::date + n AS day FROM generate_series(0, {days} - 1) n) days
    LEFT JOIN (SELECT doctor_id, date, count(*) AS taken FROM appointment GROUP BY 1, 2) held
    ON doctor_id = doctor.id AND date = day;
CREATE INDEX free_day_index ON free_day (date, doctor_id) WHERE free > 0;
"""
_ONE_STATEMENT = """
SELECT start, doctor.id FROM generate_series(%(first)s::timestamptz, %(first)s + '{days} days',
    '1 day') AS day, LATERAL (
    SELECT doctor.id, start FROM doctor JOIN weekly_hours ON weekly_hours.doctor_id = doctor.id
        AND weekday = extract(isodow FROM day),
        generate_series(day + start_minute * interval '1 min',
            day + (end_minute - slot_minutes) * interval '1 min',
            slot_minutes * interval '1 min') AS start
    WHERE active AND (%(specialty)s::text IS NULL OR specialty_key = %(specialty)s)
        AND position(%(name)s in search_key) > 0 AND start >= now()
        AND extract(hour FROM start) >= %(hour)s
        AND NOT EXISTS (SELECT FROM appointment WHERE appointment.doctor_id = doctor.id
            AND occupied_from > start - interval '1 day'
            AND occupied_from < start + slot_minutes * interval '1 min' AND occupied_until > start
            AND status NOT IN ('cancelled', 'entered-in-error'))
    ORDER BY start, doctor.id LIMIT {limit}) AS doctor LIMIT {limit}
"""
_FREE_DAYS = """
SELECT doctor.id, free_day.date FROM free_day JOIN doctor ON doctor.id = free_day.doctor_id
WHERE free > 0 AND active AND free_day.date >= current_date
    AND (%(specialty)s::text IS NULL OR specialty_key = %(specialty)s)
    AND position(%(name)s in search_key) > 0
ORDER BY free_day.date, free_day.doctor_id LIMIT {limit}
"""

Query = Mapping[str, str | int | None]


def _queries() -> Iterator[Query]:
    """Give searches of five kinds, in turns: what is asked for is chosen by chance."""
    chance = random.Random(6)  # noqa: S311 - the same in each run
    for number in count():
        specialty = f"specialty {chance.randrange(SPECIALTIES)}"
        word = f"{chance.randrange(256):02x}"
        kinds: list[Query] = [
            {},
            {"specialty": specialty},
            {"name": word},
            {"specialty": specialty, "hour": 14},
            {"specialty": specialty, "name": word},
        ]
        yield kinds[number % len(kinds)]


def _request(query: Query) -> bytes:
    asked = {name: value for name, value in query.items() if name != "hour"}
    if "hour" in query:
        asked["part_of_day"] = "afternoon"
    path = f"/v1/slots/search?{urlencode(asked)}"
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def _client(port: int, queries: Iterator[Query], times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for query in queries:
        started = time.perf_counter()
        writer.write(_request(query))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        times.append((time.perf_counter() - started) * 1000)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
    writer.close()


async def _clients(port: int, number: int, searches: int) -> list[float]:
    times: list[float] = []
    every = _queries()
    queries = (next(every) for _ in range(searches))
    await asyncio.gather(*(_client(port, queries, times) for _ in range(number)))
    return times


def _other(url: str, statement: str, first: datetime) -> list[float]:
    """Return the milliseconds of one of the other designs, on a connection of its own."""
    times = []
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        for _, query in zip(range(OTHERS), _queries(), strict=False):
            asked = {"specialty": None, "name": "", "hour": 0, "first": first, **query}
            started = time.perf_counter()
            connection.execute(statement, asked).fetchall()
            times.append((time.perf_counter() - started) * 1000)
    return times


def _indexes(connection: psycopg.Connection) -> list[str]:
    """Drop what a filled table is quicker without; return how the indexes are made anew."""
    connection.execute("ALTER TABLE appointment DROP CONSTRAINT appointment_no_overlap")
    query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'appointment'"
    found = [it for it in connection.execute(query) if not it[0].endswith("_pkey")]
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


def _fill(url: str, doctors: int, first: date) -> None:
    full = FULL if doctors <= _FEW else FULL_OF_MANY
    rest = APPOINTMENTS - doctors * full * len(_MINUTES)
    later = 1000 * rest / (doctors * (DAYS - full) * len(_MINUTES))
    sizes = {
        "doctors": doctors,
        "specialties": SPECIALTIES,
        "slots": _SLOTS,
        "slot_count": len(_MINUTES),
        "first": first,
        "days": DAYS,
        "full": full,
        "later": later,
    }
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        again = _indexes(connection)
        connection.execute(";".join([_FILL.format(**sizes).rstrip().rstrip(";"), *again]))
        if doctors <= _FEW:
            connection.execute(_COUNT.format(**sizes))
        connection.execute("VACUUM ANALYZE")


def _show(name: str, times: list[float]) -> None:
    cuts = quantiles(times, n=100, method="inclusive")
    print(f"  {name:34} {cuts[49]:10.1f} {cuts[98]:10.1f} {max(times):10.1f}", flush=True)


def _measure(url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="calendula-first-") as folder:
        settings = {"CALENDULA_DATABASE_URL": url, "CALENDULA_STATEMENT_TIMEOUT": "60"}
        server = servers.start(Path(folder), settings)
        port = int(server.url.rpartition(":")[2])
        process = psutil.Process(server.process.pid)
        try:
            empty = process.memory_info().rss / 2**20
            _show("the first searches of a worker", asyncio.run(_clients(port, 1, 50)))
            _show("index, alone", asyncio.run(_clients(port, 1, ALONE)))
            _show("index, 32 connections", asyncio.run(_clients(port, CONNECTIONS, TOGETHER)))
            _show("index, alone again", asyncio.run(_clients(port, 1, ALONE)))
            used = process.memory_info().rss / 2**20
            print(f"  memory of the worker: {empty:.0f} MiB, then {used:.0f} MiB")
        finally:
            server.kill()


def _measure_others(url: str, first: date) -> None:
    start = datetime.combine(first, datetime.min.time(), UTC)
    statement = _ONE_STATEMENT.format(days=DAYS, limit=LIMIT)
    _show("table of free days, alone", _other(url, _FREE_DAYS.format(limit=LIMIT), start))
    _show("one statement, alone", _other(url, statement, start))


def main() -> None:
    """Print the table."""
    thousands = [int(it) for it in sys.argv[1:]] or [10, 100]
    first = clock.now().date()
    for number in thousands:
        with (
            databases.postgresql_server(durable=True) as server,
            databases.empty_postgresql(server) as url,
        ):
            databases.migrate(url)
            plain = url.replace("+psycopg", "")
            started = time.perf_counter()
            _fill(plain, number * 1000, first)
            print(f"{number},000 doctors (filled in {time.perf_counter() - started:.0f} s); ms")
            print(f"  {'':34} {'p50':>10} {'p99':>10} {'most':>10}")
            _measure(plain)
            if number * 1000 <= _FEW:
                _measure_others(plain, first)


main()

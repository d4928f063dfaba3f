"""The `calendula` command. An error is one line on standard error, with exit code 2."""

import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from calendula import __version__, clock, names, server
from calendula.access import keys
from calendula.access import service as access
from calendula.access.models import ApiKey
from calendula.access.roles import Role
from calendula.database import Database, schema
from calendula.doctors import service as doctors
from calendula.errors import CalendulaError
from calendula.settings import Settings, known_time_zone
from calendula.timetables import service as timetables

app = typer.Typer(
    help="Doctor appointments that cannot be double-booked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
doctor_app = typer.Typer(help="The clinic's doctors.", no_args_is_help=True)
app.add_typer(doctor_app, name="doctor")
key_app = typer.Typer(help="Keys to the service.", no_args_is_help=True)
app.add_typer(key_app, name="key")
audit_app = typer.Typer(help="The log of events.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")

_Checked = TypeVar("_Checked")

_out = Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def main() -> None:
    """Run the command that the arguments name."""
    try:
        code = app(standalone_mode=False)
    except (typer.TyperException, CalendulaError, DBAPIError, ValueError) as error:
        message = _one_line(error)
        if message:
            print(f"calendula: {message}", file=sys.stderr)  # noqa: T201 - the command's output
        code = 2
    sys.exit(code)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; SQLite allows one.")] = 1,
) -> None:
    """Run the service. An embedded database is migrated first."""
    server.serve(Settings.load(), host, port, workers)


@app.command()
def migrate() -> None:
    """Bring the database's schema to this version's."""
    with closing(Database.from_settings(Settings.load())) as database:
        if schema.is_behind(database):
            schema.migrate(database)
    _out.print(f"The database is at revision {schema.wanted()}.")


@doctor_app.command("add")
def add_doctor(
    name: Annotated[str, typer.Argument(help="As patients know them: 'Dr. Rajesh Kumar'.")],
    specialty: Annotated[str | None, typer.Option(help="What they treat.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="IANA zone; CALENDULA_TIME_ZONE where not given.")
    ] = None,
) -> None:
    """Add a doctor, who works the clinic's default week."""
    settings = Settings.load()
    name = _named("NAME", names.clean, name)
    if specialty is not None:
        specialty = _named("--specialty", names.clean, specialty)
    zone = _named("--time-zone", known_time_zone, time_zone or settings.time_zone)
    with closing(Database.from_settings(settings)) as database:
        server.prepare(database)
        with database.write() as session:
            timetables.add_doctor(
                session, name, specialty=specialty, time_zone=zone, actor="command"
            )
    _out.print(f"Added {name}.", markup=False)


@doctor_app.command("list")
def list_doctors() -> None:
    """List the doctors by name."""
    with closing(Database.from_settings(Settings.load())) as database:
        server.prepare(database)
        with database.read() as session:
            everyone = doctors.everyone(session)
    table = Table("Name", "Specialty", "Time zone", "", box=None, pad_edge=False)
    for each in everyone:
        sees_patients = "" if each.active else "sees no patients"
        table.add_row(Text(each.name), Text(each.specialty or ""), each.time_zone, sees_patients)
    _out.print(table if everyone else "No doctors yet: calendula doctor add NAME.")


@app.command("import")
def import_file(
    path: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help=".csv or .xlsx")
    ],
    dry_run: Annotated[bool, typer.Option(help="Write nothing, and tell what would be.")] = False,
) -> None:
    """Import doctors, hours and appointments from a table, all of it or nothing."""
    from calendula.imports import files, output, service
    from calendula.imports.report import ImportRefused

    kind = _named("FILE", files.kind_of, path.name)
    settings = Settings.load()
    with closing(Database.from_settings(settings)) as database:
        server.prepare(database)
        rows = files.read(path.read_bytes(), kind)
        try:
            with output.progress(len(rows)) as done, database.write(dry_run=dry_run) as session:
                reports = service.run(
                    session, rows, actor="command", time_zone=settings.time_zone, done=done
                )
        except ImportRefused as refused:
            _out.print(output.report(refused.rows, written=False))
            raise
    _out.print(output.report(reports, written=not dry_run))


@key_app.command("create")
def create_key(
    role: Annotated[Role, typer.Option(help="What its holder is to the clinic.")],
    name: Annotated[str, typer.Option(help="Who or what will use it: 'front desk'.")],
    expires: Annotated[str | None, typer.Option(help="After 30m, 12h, 90d or 52w.")] = None,
    doctor: Annotated[str | None, typer.Option(help="Whose it is, for the role doctor.")] = None,
) -> None:
    """Make a key and print it. It is shown only now."""
    name = _named("--name", names.clean, name)
    lasts = None if expires is None else _named("--expires", keys.lifetime, expires)
    until = None if lasts is None else clock.now() + lasts
    with closing(Database.from_settings(Settings.load())) as database:
        server.prepare(database)
        with database.write() as session:
            doctor_id = doctors.get(session, doctor).id if doctor is not None else None
            made = access.create(
                session,
                name,
                role,
                actor="command",
                doctor_id=doctor_id,
                expires_at=until,
            )
    _out.print(made.text, markup=False, soft_wrap=True)


@key_app.command("list")
def list_keys() -> None:
    """List the keys in the order of their making, with times in UTC."""
    with closing(Database.from_settings(Settings.load())) as database:
        server.prepare(database)
        with database.read() as session:
            everyone = access.everyone(session)
    heads = ("Handle", "Name", "Role", "Doctor", "Created", "Expires", "Last used", "Revoked")
    table = Table(*heads, box=None, pad_edge=False)
    for key, doctor in everyone:
        times = key.created_at, key.expires_at, key.last_used_at, key.revoked_at
        table.add_row(
            key.handle, Text(key.name), key.role, Text(doctor or ""), *map(_minute, times)
        )
    _out.print(table if everyone else "No keys yet: calendula key create.")


@key_app.command("revoke")
def revoke_key(
    handle: Annotated[str, typer.Argument(help="As calendula key list shows it.")],
) -> None:
    """Let a key open nothing from now on."""
    with closing(Database.from_settings(Settings.load())) as database:
        server.prepare(database)
        with database.write() as session:
            access.revoke(session, ApiKey.handle == handle, actor="command")
    _out.print(f"Revoked {handle}.", markup=False)


@audit_app.command("verify")
def verify_events() -> None:
    """See that no event was changed, none is missing and none forged; exit code 1 if not so."""
    from calendula.audit.verify import verify

    with closing(Database.from_settings(Settings.load())) as database:
        server.prepare(database)
        with database.read(streams=True) as session:
            verdict = verify(session)
    for fault in verdict.faults:
        _out.print(fault, markup=False, soft_wrap=True)
    if verdict.faults:
        raise typer.Exit(1)
    _out.print(f"Verified {verdict.events} events in {verdict.chains} chains.")


@app.command()
def version() -> None:
    """Print the version."""
    _out.print(f"calendula {__version__}")


def _named(name: str, check: Callable[[str], _Checked], value: str) -> _Checked:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}.") from None


def _minute(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""


def _one_line(error: Exception) -> str:
    if isinstance(error, typer.TyperException):
        return error.format_message()
    if isinstance(error, DBAPIError):
        return f"The database refuses: {_first_line(error)}"
    if isinstance(error.__cause__, DBAPIError):
        return f"The database does not answer: {_first_line(error.__cause__)}"
    return " ".join(str(error).split())


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]

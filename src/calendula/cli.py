"""The `calendula` command. An error is one line on standard error, with exit code 2."""

import sys
from collections.abc import Callable
from contextlib import closing
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from calendula import __version__, names, server
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
            added = timetables.add_doctor(
                session, name, specialty=specialty, time_zone=zone, actor="command"
            )
    if added is None:
        raise ValueError("A doctor of that name works here already.")
    _out.print(f"Added {name}.", markup=False)


@doctor_app.command("list")
def list_doctors() -> None:
    """List the doctors by name."""
    with closing(Database.from_settings(Settings.load())) as database:
        server.prepare(database)
        with database.read() as session:
            everyone = doctors.everyone(session)
    table = Table("Name", "Specialty", "Time zone", box=None, pad_edge=False)
    for each in everyone:
        table.add_row(Text(each.name), Text(each.specialty or ""), each.time_zone)
    _out.print(table if everyone else "No doctors yet: calendula doctor add NAME.")


@app.command()
def version() -> None:
    """Print the version."""
    _out.print(f"calendula {__version__}")


def _named(name: str, check: Callable[[str], str], value: str) -> str:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"{name} {error}.") from None


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

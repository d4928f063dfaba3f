"""The `calendula` command. An error is one line on standard error, with exit code 2."""

import sys
from contextlib import closing
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from calendula import __version__, server
from calendula.cli import audit, clinic, keys, upkeep
from calendula.cli.output import out
from calendula.database import Database, schema
from calendula.errors import CalendulaError
from calendula.settings import Settings

app = typer.Typer(
    help="Doctor appointments that cannot be double-booked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command that the arguments name."""
    try:
        code = app(standalone_mode=False)
    except (typer.TyperException, CalendulaError, DBAPIError, OSError, ValueError) as error:
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
    out.print(f"The database is at revision {schema.wanted()}.")


app.add_typer(clinic.app, name="doctor")
app.command("import")(clinic.import_file)
app.add_typer(keys.app, name="key")
app.add_typer(audit.app, name="audit")
app.command()(upkeep.check)
app.command()(upkeep.backup)
app.command()(upkeep.restore)


@app.command()
def version() -> None:
    """Print the version."""
    out.print(f"calendula {__version__}")


def _one_line(error: Exception) -> str:
    if isinstance(error, typer.TyperException):
        return error.format_message()
    if isinstance(error, OSError):
        return f"{error.filename or 'The system'}: {error.strerror or 'an error'}."
    if isinstance(error, DBAPIError):
        return f"The database refuses: {_first_line(error)}"
    if isinstance(error.__cause__, DBAPIError):
        return f"The database does not answer: {_first_line(error.__cause__)}"
    return " ".join(str(error).split())


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]

"""The clinic's doctors, and what it brings along."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from calendula import names
from calendula.cli import opened
from calendula.cli.output import named, out
from calendula.doctors import service as doctors
from calendula.settings import Settings, known_time_zone
from calendula.timetables import service as timetables

app = typer.Typer(help="The clinic's doctors.", no_args_is_help=True)


@app.command("add")
def add_doctor(
    name: Annotated[str, typer.Argument(help="As patients know them: 'Dr. Rajesh Kumar'.")],
    specialty: Annotated[str | None, typer.Option(help="What they treat.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="IANA zone; CALENDULA_TIME_ZONE where not given.")
    ] = None,
) -> None:
    """Add a doctor, who works the clinic's default week."""
    settings = Settings.load()
    name = named("NAME", names.clean, name)
    if specialty is not None:
        specialty = named("--specialty", names.clean, specialty)
    zone = named("--time-zone", known_time_zone, time_zone or settings.time_zone)
    with opened.clinic(settings) as database, database.write() as session:
        timetables.add_doctor(session, name, specialty=specialty, time_zone=zone, actor="command")
    out.print(f"Added {name}.", markup=False)


@app.command("list")
def list_doctors() -> None:
    """List the doctors by name."""
    with opened.clinic() as database, database.read() as session:
        everyone = doctors.everyone(session)
    table = Table("Name", "Specialty", "Time zone", "", box=None, pad_edge=False)
    for each in everyone:
        sees_patients = "" if each.active else "sees no patients"
        table.add_row(Text(each.name), Text(each.specialty or ""), each.time_zone, sees_patients)
    out.print(table if everyone else "No doctors yet: calendula doctor add NAME.")


def import_file(
    path: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help=".csv or .xlsx")
    ],
    dry_run: Annotated[bool, typer.Option(help="Write nothing, and tell what would be.")] = False,
) -> None:
    """Import doctors, hours and appointments from a table, all of it or nothing."""
    from calendula.imports import files, output, service
    from calendula.imports.report import ImportRefused

    kind = named("FILE", files.kind_of, path.name)
    settings = Settings.load()
    with opened.clinic(settings) as database:
        rows = files.read(path.read_bytes(), kind)
        try:
            with output.progress(len(rows)) as done, database.write(dry_run=dry_run) as session:
                reports = service.run(
                    session, rows, actor="command", time_zone=settings.time_zone, done=done
                )
        except ImportRefused as refused:
            out.print(output.report(refused.rows, written=False))
            raise
    out.print(output.report(reports, written=not dry_run))

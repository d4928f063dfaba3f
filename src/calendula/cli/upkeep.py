"""What keeps a clinic's data: see that it is whole, and have it twice."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from calendula import __version__
from calendula.cli.output import out
from calendula.database import Database
from calendula.settings import Settings


def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for monitoring.")] = False,
    quick: Annotated[bool, typer.Option(help="Leave out what reads every row.")] = False,
) -> None:
    """See that the database is as it ought to be; exit code 1 with warnings, 2 if it is broken."""
    from calendula.upkeep.check import State
    from calendula.upkeep.check import check as look

    with closing(Database.from_settings(Settings.load())) as database:
        database.see_that_it_exists()
        findings = list(look(database, quick=quick))
    states = list(State)
    worst = max(states.index(each.state) for each in findings)
    if as_json:
        lines = [each._asdict() for each in findings]
        told = {"state": states[worst], "version": __version__, "findings": lines}
        out.print(json.dumps(told), markup=False, soft_wrap=True)
    else:
        for it in findings:
            out.print(f"{it.state:<9}{it.name:<12}{it.detail}", markup=False, soft_wrap=True)
    raise typer.Exit(worst)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; it must not be there.")],
    force: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
) -> None:
    """Copy an embedded database into a file, while it is served, and look at the copy."""
    from calendula.upkeep.backup import back_up

    revision = back_up(Settings.load(), file, force=force)
    out.print(f"Backed up to {file}, at revision {revision}.", markup=False, soft_wrap=True)


def restore(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="A backup.")
    ],
) -> None:
    """Put a backup in the place of an embedded database, which must not be served."""
    from calendula.upkeep import restore as it

    for line in it.told(it.restore(Settings.load(), file), file):
        out.print(line, markup=False, soft_wrap=True)

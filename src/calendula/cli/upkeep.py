"""What keeps a clinic's data: see that it is whole, and have it twice."""

import json
from contextlib import closing
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

"""The log of events."""

import typer

from calendula.cli import opened
from calendula.cli.output import out

app = typer.Typer(help="The log of events.", no_args_is_help=True)


@app.command("verify")
def verify_events() -> None:
    """See that no event was changed, none is missing and none forged; exit code 1 if not so."""
    from calendula.audit.verify import verify

    with opened.clinic() as database, database.read(streams=True) as session:
        verdict = verify(session)
    for fault in verdict.faults:
        out.print(fault, markup=False, soft_wrap=True)
    if verdict.faults:
        raise typer.Exit(1)
    out.print(f"Verified {verdict.events} events in {verdict.chains} chains.")

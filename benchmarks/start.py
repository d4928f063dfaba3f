"""How long `calendula serve` takes to its first 200, as a ratio to importing what it is made of.

The database of each kind exists already, with its schema, and all modules are compiled, as at every
start but the first. All are measured in turns, so that a machine that is busy is so for each.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support import databases, servers

ROUNDS = 15
_IMPORTS = (sys.executable, "-c", "import fastapi, sqlalchemy")


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which modules stay compiled, in a folder of the bench's own."""
    clean = servers.clean_environment()
    clean.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**clean, "PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _import(folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(_IMPORTS, check=True, env=_environment(folder))
    return time.perf_counter() - started


def _start(folder: Path, url: str) -> float:
    port = servers.free_port()
    command = (sys.executable, "-m", "calendula", "serve", "--port", str(port))
    environment = {**_environment(folder), "CALENDULA_DATABASE_URL": url}
    with (folder / "server.log").open("ab") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        while not _is_ready(port):
            if process.poll() is not None:
                raise RuntimeError((folder / "server.log").read_text())
            time.sleep(0.005)
        return time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except ConnectionError:
        return False
    finally:
        connection.close()


@contextmanager
def _database_urls(folder: Path) -> Iterator[dict[str, str]]:
    with databases.postgresql_server() as server, databases.empty_postgresql(server) as url:
        urls = {"SQLite": f"sqlite:///{folder / 'calendula.db'}", "PostgreSQL": url}
        for each in urls.values():
            databases.migrate(each)
        yield urls


def main() -> None:
    """Print the medians, and how often the first fits into each."""
    with (
        tempfile.TemporaryDirectory(prefix="calendula-start-") as name,
        _database_urls(folder := Path(name)) as urls,
    ):
        sides: dict[str, Callable[[], float]] = {
            "import fastapi, sqlalchemy": partial(_import, folder),
            **{f"start on {name}": partial(_start, folder, url) for name, url in urls.items()},
        }
        taken: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(ROUNDS + 1):
            for side, measure in sides.items():
                taken[side].append(measure())
    medians = {side: median(times[1:]) for side, times in taken.items()}  # the first warms up
    least = next(iter(medians.values()))
    for side, seconds in medians.items():
        print(f"{side:28} {seconds * 1000:6.0f} ms {seconds / least:6.2f}")


main()

from pathlib import Path

import psutil

from support import load
from support.insisting import Insisting
from support.servers import Server


def test_a_worker_is_killed(tmp_path: Path, postgresql_url: str) -> None:
    """Of two workers one dies: the other serves on, another starts, and nothing is lost."""
    with load.service(tmp_path, postgresql_url) as service, Insisting(service.url) as patients:
        patients.wait_for(lambda: len(_workers(service)) == 2)
        first, second = _workers(service)
        patients.go_on()
        first.kill()
        patients.go_on(since="a worker was killed")
        patients.wait_for(lambda: len(_workers(service)) == 2)
        second.kill()  # so that the one that was started has to serve
        patients.go_on(since="the other was killed too")
    patients.assert_kept(postgresql_url)


def _workers(service: Server) -> list[psutil.Process]:
    """Return the processes that serve."""
    children = psutil.Process(service.process.pid).children()
    return [it for it in children if any("spawn_main" in word for word in _command(it))]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []
